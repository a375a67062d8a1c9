#!/usr/bin/env python3
"""A kernel that Triton compiled as an op of a model: its PTX in the emulator, launched as the package says: check_extern.py BUILD."""
import os
import subprocess
import sys
import tempfile

import kernels
import numpy as np

INPUTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "models", "triton")
SPEC = """spec.model @gated {
  spec.hyper @width = 24
  %x = spec.input "x" width(@width)
  %g = spec.input "g" heads(2) width(@width / 2)
  %y = spec.extern_kernel file("gate.json") args(%x, %g, result, rows * @width) grid((rows * @width + 511) floordiv 512)
  spec.output "y" %y
}
"""


def main(build):
    with tempfile.TemporaryDirectory() as work:
        for name in ("gate.json", "gate.ptx"):
            os.symlink(os.path.join(INPUTS, name), os.path.join(work, name))
        spec, triton = os.path.join(work, "m.mlir"), os.path.join(work, "triton")
        with open(spec, "w", encoding="utf-8") as file:
            file.write(SPEC)
        compiler = os.path.join(build, "bin", "rondo-compile")
        # 1776 numbers: three blocks and a part of one.
        subprocess.run([compiler, spec, "--target", "cuda:sm_90a", "--entry", "forward:B=2,T=37", "-q", "-o", os.path.join(work, "m.rondo"),
                        "--emit-triton", triton], check=True, env={**os.environ, "RONDO_PTXAS": ""})
        names = kernels.names_of(triton)
        if names != ["gate_0"]:
            sys.exit(f"expected the kernel gate_0, found {names}")
        kernel = kernels.Kernel(triton, names[0])
    numbers = 2 * 37 * 24
    launch = kernel.metadata["rondo"]
    expected = {"grid": [4], "workgroups": 4, "parameters": [{"argument": 0}, {"argument": 1}, {"argument": 2}, {"value": numbers}]}
    for key, value in expected.items():
        if launch[key] != value:
            sys.exit(f"expected {key} {value}, found {launch[key]}")
    if [each["access"] for each in launch["arguments"]] != ["read", "read", "write"]:
        sys.exit(f"expected two inputs and a result, found {launch['arguments']}")
    random = np.random.default_rng(2)
    x, g = (random.standard_normal(numbers).astype(np.float32) for _ in range(2))
    buffers = [x.view(np.uint8).copy(), g.view(np.uint8).copy(), np.full(4 * numbers, 255, np.uint8)]
    kernel.run(buffers, blocks=4)
    found, wanted = buffers[2].view(np.float32), x * g / (1 + np.exp(-g.astype(np.float64)))
    difference = np.abs(found - wanted).max()
    print(f"gate: largest difference {difference:.1e}")
    if not difference < 1e-5:  # exp and the division are approximate
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
