#!/usr/bin/env python3
"""Every kernel of a model, as PTX in the emulator, beside the CPU's lowering: check_kernels.py BUILD MODEL [OPTION...].

CPUs round the operands of products to bf16 as GPUs do, but not to tf32: with that products differ by it.

The bound is relative to the largest value of each argument: both lowerings add in the same order but for reductions.
"""
import os
import sys
import tempfile
import time

import kernels
from ptx_text import PtxError

BOUND = 2e-5
TF32_BOUND = 2e-3


def main(build, model, options):
    """The rest of the options are rondo-compile's."""
    failures, worst, count = [], (0.0, ""), 0
    with tempfile.TemporaryDirectory() as work:
        triton, captured = kernels.prepare(build, work, model, options)
        names = kernels.names_of(triton)
        captures = {name.rsplit(".", 1)[0] for name in os.listdir(captured)}
        if set(names) != captures:
            sys.exit(f"the packages' kernels differ: {sorted(set(names) ^ captures)}")
        for name in names:
            kernel = kernels.Kernel(triton, name)
            buffers = kernel.split(kernels.read(captured, name, "before"))
            start = time.monotonic()
            try:
                kernel.run(buffers, blocks=min(2, kernel.workgroups))
                difference = kernel.difference(buffers, kernel.split(kernels.read(captured, name, "after")))
            except PtxError as error:
                failures.append(f"{name}: {error}")
                continue
            count += 1
            worst = max(worst, (difference, name))
            if difference > (TF32_BOUND if "tf32" in options else BOUND):
                failures.append(f"{name} ({kernel.metadata['rondo']['source']}): {difference:.1e} of the largest value")
            if time.monotonic() - start > 20:
                print(f"{name}: {time.monotonic() - start:.0f} s")
    print(f"{model}: {count} kernels, largest difference {worst[0]:.1e} ({worst[1]})")
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
