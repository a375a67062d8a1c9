#!/usr/bin/env python3
"""Compares what packages compute on a GPU with what the CPU makes of the same kernels: gpu_agreement.py PACK [MODEL...].

PACK is a folder made by gpu_pack.sh. For each model, with the same weights and inputs: logits of forward and of prefill, gradients of all weights, text. One line of
JSON per comparison on stdout; exit code 1 if one is beyond its bound, relative to the largest value.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools", "python")]
import tensor_file  # noqa: E402

BOUND = 2e-5  # sums of the same order; reductions differ
GRADIENT_BOUND = 2e-4


class Pack:
    def __init__(self, folder):
        self.folder = folder
        self.scratch = tempfile.TemporaryDirectory()

    def package(self, model, kind):
        return os.path.join(self.folder, "packages", f"{model}.{kind}.rondo")

    def call(self, program, *arguments):
        command = [os.path.join(self.folder, "bin", program), *map(str, arguments)]
        return subprocess.run(command, check=True, capture_output=True, text=True, errors="replace").stdout

    def entry(self, model, kind, entry, inputs):
        output = os.path.join(self.scratch.name, f"{kind}.safetensors")
        self.call("rondo-run", self.package(model, kind), "--init-seed", "3", "--entry", entry, "--inputs", inputs, "--outputs", output)
        return tensor_file.read(output)

    def inputs(self, model, entry):
        """Random tokens for each input that must be given."""
        rows = json.loads(self.call("rondo-dump", self.package(model, "cpu"), "--section", "tensors", "--format=json"))
        random = numpy.random.default_rng(7)
        tensors = {}
        for row in next(iter(rows.values())):
            if row.get("entry") == entry and row.get("name") == "tokens":
                shape = [int(size) for size in re.findall(r"\d+", row["type"].split("[")[1])]
                tensors["tokens"] = random.integers(0, 256, shape).astype("i4")
        path = os.path.join(self.scratch.name, "in.safetensors")
        tensor_file.write(path, tensors)
        return path


def difference(a, b):
    """The largest over all tensors, relative to the largest value of each."""
    worst, name = 0.0, ""
    for key in b:
        scale = float(numpy.abs(b[key].astype("f8")).max()) or 1.0
        found = float(numpy.abs(a[key].astype("f8") - b[key]).max()) / scale if b[key].size else 0.0
        if not found <= worst:  # NaN counts
            worst, name = found, key
    return worst, name


def main(folder, models):
    pack, failed = Pack(folder), False
    names = sorted(name[: -len(".gpu.rondo")] for name in os.listdir(os.path.join(folder, "packages")) if name.endswith(".gpu.rondo"))
    for model in names if not models else models:
        for entry, bound in (("forward", BOUND), ("prefill", BOUND), ("grad", GRADIENT_BOUND)):
            if entry not in pack.call("rondo-dump", pack.package(model, "cpu"), "--section", "entries"):
                continue
            inputs = pack.inputs(model, entry)
            worst, tensor = difference(*(pack.entry(model, kind, entry, inputs) for kind in ("gpu", "cpu")))
            good = worst <= bound
            failed |= not good
            print(json.dumps({"model": model, "entry": entry, "difference": worst, "tensor": tensor, "bound": bound, "ok": good}), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
