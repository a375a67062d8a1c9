#!/usr/bin/env python3
"""The bare rotation, RetNet's and flash-linear-attention's, against its vectors: check_rotary.py BUILD."""
import json
import os
import sys

import numpy

import programs
from programs import tensor_file

LIMIT = 1e-5


def main(build):
    tools, score = programs.Programs(build), programs.Score()
    vectors = tensor_file.read(os.path.join(programs.VECTORS, "rotary_op.safetensors"))
    with open(os.path.join(programs.VECTORS, "rotary_op.json"), encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    for name, case in cases.items():
        if case["kind"] == "xpos":
            continue  # LongNet's rotation, which the spec language does not have
        x, y = (vectors[f"{name}.{key}"].transpose(0, 2, 1, 3) for key in "xy")
        spec = os.path.join(programs.SPECS, f"rotary-{case['kind']}.mlir")
        package = tools.compile(spec, [f"prefill:B={case['B']},T={case['T']}"], "auto")
        inputs = {"x": numpy.ascontiguousarray(x, dtype="f4"),
                  "state.position": numpy.full(case["B"], case["offset"], "i8")}
        score.compare(f"{name} from position {case['offset']}", tools.run(package, "prefill", inputs)["y"], y, LIMIT)
    score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
