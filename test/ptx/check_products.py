#!/usr/bin/env python3
"""Products of random shapes on tensor cores, beside numpy: check_products.py BUILD.

Operands lie in memory as bf16, either way round, or are computed in f32 and rounded; tails, triangles, accumulators. What multiplies is
mma.sync on sm_80 and wgmma on sm_90a where the product suits it, threads where there are few rows: all must have occurred, and so must copies
of whole chunks and loads of eight elements.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np

import machine
import ptx_text
from tensor_cores import round_to_bf16
from warpgroup_products import widen

CASES = 60 * int(os.environ.get("RONDO_CASE_FACTOR", "1"))
BOUND = 1e-6  # of the largest value: products of bf16 are exact in f32, sums are rounded
TRIANGLES = ("full", "lower_lhs", "upper_lhs", "lower_result", "upper_result")


class Case:
    def __init__(self, random, number):
        self.name = f"product_{number}"
        self.triangle = str(random.choice(TRIANGLES, p=(0.6, 0.1, 0.1, 0.1, 0.1)))
        self.m, self.n, self.k = (int(random.choice([16, 24, 40, 64, 72, 128, 136, 200])) for _ in range(3))
        if self.triangle.endswith("lhs"):
            self.k = self.m
        if self.triangle.endswith("result"):
            self.n = self.m
        self.transposed = [bool(random.integers(2)) for _ in range(2)]
        self.kinds = [str(random.choice(["bf16", "f32", "doubled"], p=(0.7, 0.1, 0.2))) for _ in range(2)]  # "doubled" is computed from f32
        if self.triangle == "full" and random.random() < 0.4:  # few rows, mostly as decode has them
            self.m = int(random.integers(1, 6))
            if random.random() < 0.7:
                self.transposed, self.kinds = [False, True], ["f32", "bf16"]
        self.has_sum = bool(random.integers(2))

    def shapes(self):
        left, right = (self.m, self.k), (self.k, self.n)
        return [shape[::-1] if turned else shape for shape, turned in zip((left, right), self.transposed)]

    def text(self):
        (a, b), c = ("x".join(map(str, shape)) for shape in self.shapes()), f"{self.m}x{self.n}"
        types = ["bf16" if kind == "bf16" else "f32" for kind in self.kinds]
        switches = ["precision = #tile.precision<bf16>", f"triangle = #tile.triangle<{self.triangle}>"]
        switches += [name for name, turned in zip(("transpose_a", "transpose_b"), self.transposed) if turned]
        lines = [f"tile.kernel @{self.name}(%a: memref<{a}x{types[0]}>, %b: memref<{b}x{types[1]}>, %s: memref<{c}xf32>, %y: memref<{c}xf32>)"
                 " writes [false, false, false, true] grid [1] ids(%i) {", "  %c0 = arith.constant 0 : index"]
        for side, shape, kind, element in zip("ab", (a, b), self.kinds, types):
            name = f"%f{side}" if kind == "f32" else f"%t{side}"
            lines.append(f"  {name} = tile.load %{side}[%c0, %c0] : memref<{shape}x{element}> -> tensor<{shape}x{element}>")
            if kind == "doubled":
                lines.append(f"  %f{side} = arith.addf {name}, {name} : tensor<{shape}xf32>")
            if kind == "bf16":
                lines.append(f"  %f{side} = arith.extf {name} : tensor<{shape}xbf16> to tensor<{shape}xf32>")
        lines.append(f"  %ts = tile.load %s[%c0, %c0] : memref<{c}xf32> -> tensor<{c}xf32>")
        operands, shapes = ("%fa, %fb, %ts", f"tensor<{a}xf32>, tensor<{b}xf32>, tensor<{c}xf32>") if self.has_sum else (
            "%fa, %fb", f"tensor<{a}xf32>, tensor<{b}xf32>")
        lines.append(f"  %d = tile.dot {operands} {{{', '.join(switches)}}} : {shapes} -> tensor<{c}xf32>")
        lines += [f"  tile.store %d, %y[%c0, %c0] : tensor<{c}xf32>, memref<{c}xf32>", "  tile.return", "}"]
        return "\n".join(lines) + "\n"

    def check(self, ptx, shared, random):
        """The largest difference, relative to the largest value."""
        buffers, values = [], []
        for shape, kind in zip(self.shapes(), self.kinds):
            drawn = random.standard_normal(shape).astype(np.float32)
            halves = round_to_bf16(drawn.view(np.uint32).ravel())
            buffers.append((halves if kind == "bf16" else drawn).view(np.uint8).ravel().copy())
            doubled = round_to_bf16((2 * drawn).view(np.uint32).ravel())
            values.append(widen(doubled if kind == "doubled" else halves).reshape(shape).astype(np.float64))
        sums = random.standard_normal((self.m, self.n)).astype(np.float32)
        result = np.full((self.m, self.n), np.nan, np.float32)
        buffers += [sums.view(np.uint8).ravel(), result.view(np.uint8).ravel()]
        machine.run_block(ptx_text.parse(ptx), buffers, shared, writable=[False, False, False, True])
        left, right = (value.T if turned else value for value, turned in zip(values, self.transposed))
        lower, upper = np.tril, np.triu
        if self.triangle.endswith("lhs"):
            left = (lower if self.triangle.startswith("lower") else upper)(left)
        expected = left @ right + (sums if self.has_sum else 0)
        needed = np.ones((self.m, self.n), bool)
        if self.triangle.endswith("result"):
            needed = (lower if self.triangle.startswith("lower") else upper)(needed)
        if not np.isfinite(result).all():
            return np.inf
        return float(np.abs(result - expected)[needed].max() / np.abs(expected).max())


def main(build):
    random = np.random.default_rng(7)
    failures, units, worst = [], {"mma.sync": 0, "wgmma.mma_async": 0, "cp.async.cg": 0, "fma.rn.f32": 0, "ld.global.nc.v4": 0}, 0.0
    for gpu in ("cuda:sm_80", "cuda:sm_90a"):
        cases = [Case(random, number) for number in range(CASES // 2)]
        with tempfile.TemporaryDirectory() as work:
            source = os.path.join(work, "products.mlir")
            with open(source, "w") as file:
                file.writelines(case.text() for case in cases)
            tool = os.path.join(build, "test", "bin", "compile-tiles")
            said = subprocess.run([tool, source, gpu, work], check=True, capture_output=True, text=True, env={**os.environ, "RONDO_PTXAS": ""})
            shared = {name: int(size) for name, size, _ in map(str.split, said.stdout.splitlines())}
            for case in cases:
                with open(os.path.join(work, case.name + ".ptx")) as file:
                    ptx = file.read()
                for unit in units:
                    units[unit] += unit in ptx
                try:
                    difference = case.check(ptx, shared[case.name], random)
                except ptx_text.PtxError as error:
                    failures.append(f"{gpu}: {error}\n{case.text()}")
                    continue
                worst = max(worst, difference)
                if difference > BOUND:
                    failures.append(f"{gpu}: {difference:.1e} of the largest value\n{case.text()}")
    print(f"{CASES} products, largest difference {worst:.1e}; kernels with {units}")
    if failures or not all(units.values()):
        sys.exit("\n".join(failures[:3]) or f"expected every unit, found {units}")


if __name__ == "__main__":
    main(sys.argv[1])
