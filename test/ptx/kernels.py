"""Compares what a package's GPU kernels compute, run by the emulator, with what the CPU's lowering of the same tile kernels computes."""
import json
import os
import subprocess

import numpy as np

import machine
import ptx_text

TYPES = {"fp32": np.float32, "fp64": np.float64, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64, "u8": np.uint8}


class Kernel:
    """One kernel of a folder that rondo-compile --emit-triton wrote."""

    def __init__(self, folder, name):
        with open(os.path.join(folder, name + ".json")) as file:
            self.metadata = json.load(file)
        with open(os.path.join(folder, name + ".ptx")) as file:
            self.text = file.read()
        self.name = name
        self.arguments = self.metadata["rondo"]["arguments"]
        self.workgroups = self.metadata["rondo"]["workgroups"]

    def split(self, data):
        """The arguments of a capture, each an array of bytes of its own."""
        buffers, offset = [], 0
        for argument in self.arguments:
            buffers.append(np.frombuffer(data, np.uint8, argument["bytes"], offset).copy())
            offset += argument["bytes"]
        assert offset == len(data), (self.name, offset, len(data))
        return buffers

    def run(self, buffers, blocks=1, text=None):
        """All workgroups, by so many blocks, one after the other."""
        entry = ptx_text.parse(text or self.text)
        assert entry.name == self.metadata["name"] and len(entry.parameters) == len(self.metadata["signature"]) + 2, self.name
        assert entry.threads == 32 * self.metadata["num_warps"], self.name
        writable = [argument["access"] != "read" for argument in self.arguments]
        for block in range(blocks):
            machine.run_block(entry, buffers, self.metadata["shared"], self.metadata["global_scratch_size"], block, blocks, writable,
                              self.metadata["rondo"].get("parameters"))

    def difference(self, found, expected):
        """The largest one, relative to the largest value of its argument; what is no float must be equal."""
        worst = 0.0
        for argument, ours, theirs in zip(self.arguments, found, expected):
            kind = TYPES[argument["type"]]
            ours, theirs = ours.view(kind), theirs.view(kind)
            if kind not in (np.float32, np.float64):
                worst = max(worst, 0.0 if np.array_equal(ours, theirs) else np.inf)
                continue
            same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
            if same.all():
                continue
            if np.any(~same & ~(np.isfinite(ours) & np.isfinite(theirs))):
                return np.inf
            finite = np.isfinite(theirs)
            scale = float(np.abs(theirs[finite]).max()) or 1.0
            worst = max(worst, float(np.abs(ours[~same].astype(np.float64) - theirs[~same]).max()) / scale)
        return worst


def names_of(folder):
    return sorted(name[: -len(".json")] for name in os.listdir(folder) if name.endswith(".json"))


def prepare(build, work, model, options, gpu="cuda:sm_90a", seed=1):
    """Compiles a model for the GPU and for the CPU in its tile sizes, and captures what the CPU's kernels do. Returns two folders."""
    compiler = os.path.join(build, "bin", "rondo-compile")
    triton, captured = os.path.join(work, "triton"), os.path.join(work, "captured")
    os.makedirs(captured)
    package = os.path.join(work, "gpu.rondo"), os.path.join(work, "cpu.rondo")
    environment = {**os.environ, "RONDO_PTXAS": ""}
    subprocess.run([compiler, model, *options, "--target", gpu, "-q", "-o", package[0], "--emit-triton", triton], check=True, env=environment)
    if "tf32" in options:  # which CPUs do not have
        at = options.index("tf32")
        options = options[: at - 1] + options[at + 1 :]
    subprocess.run([compiler, model, *options, "--cpu-as", gpu, "-q", "-o", package[1]], check=True)
    subprocess.run([os.path.join(build, "test", "bin", "capture-kernels"), package[1], captured, str(seed)], check=True)
    return triton, captured


def read(folder, name, when):
    with open(os.path.join(folder, f"{name}.{when}"), "rb") as file:
        return file.read()
