#!/usr/bin/env python3
"""Faults planted in PTX that is right are noticed: check_faults.py BUILD.

Every kernel of a small model is taken apart: with another address, operation or exchange, or without a barrier, it must race, reach out
of place or compute something else; so it must where it waits for one group of copies less, or never makes one. Some changes change nothing, such as one in a branch that is not taken or among zeros; and the last barrier of a
kernel has nothing behind it. In a product the one before a slice is used is needed. Products on tensor cores have faults of their own.
"""
import os
import re
import sys
import tempfile

import kernels
from ptx_text import PtxError

BOUND = 1e-6
NOTICED = 0.85  # of each kind of fault, at least
FAULTS = {
    "address": (r"\[%rd(\d+)\+(\d+)\]", lambda m: f"[%rd{m.group(1)}+{int(m.group(2)) + 4}]"),
    "misaligned": (r"\[%rd(\d+)\]", lambda m: f"[%rd{m.group(1)}+2]"),
    "operation": (r"\badd\.rn\.f32\b", lambda m: "sub.rn.f32"),
    "wait": (r"cp\.async\.wait_group \t0;", lambda m: "cp.async.wait_group \t1;"),
    "commit": (r"cp\.async\.commit_group;", lambda m: ""),
    "copy": (r"(cp\.async\.ca\.shared\.global \[%rd?\d+)(\+\d+)?\]", lambda m: f"{m.group(1)}+{int(m.group(2) or 0) + 4}]"),
    "exchange": (r"(shfl\.sync\.bfly\.b32 \t%r\d+, %r\d+, )16,", lambda m: m.group(1) + "8,"),
}


PRODUCT_FAULTS = {
    "swizzle": (r"\bxor\.b32 (\s*%r\d+, %r\d+), %r\d+;", lambda m: f"mov.b32 {m.group(1)};"),
    "descriptor": (r"\bor\.b64 (\s*%rd\d+, %rd\d+), (\d{19});", lambda m: f"or.b64 {m.group(1)}, {int(m.group(2)) ^ 3 << 62};"),
    "rows": (r"\bor\.b64 (\s*%rd\d+, %rd\d+), (\d{19});", lambda m: f"or.b64 {m.group(1)}, {int(m.group(2)) + (32 << 32)};"),
    "step": (r"\badd\.s64 (\s*%rd\d+, %rd\d+), (2|4|128|256);", lambda m: f"add.s64 {m.group(1)}, {2 * int(m.group(2))};"),
    "transposition": (r", 1, 1, 1, ([01]), ([01]);", lambda m: f", 1, 1, 1, {m.group(1)}, {1 - int(m.group(2))};"),
    "group": (r"wgmma\.commit_group\.sync\.aligned;", lambda m: ""),
    "late": (r"wgmma\.wait_group\.sync\.aligned 0;", lambda m: "wgmma.wait_group.sync.aligned 1;"),
    "hidden": (r"fence\.proxy\.async\.shared::cta;", lambda m: ""),
    "matrix": (r"(ldmatrix\S+ \{[^}]*\}, \[%rd?\d+)(\+\d+)?\]", lambda m: f"{m.group(1)}+{int(m.group(2) or 0) + 16}]"),
}
MODEL = ["--preset", "tiny", "--entry", "grad:B=1,T=40"]
PLANS = [(MODEL, FAULTS), ([*MODEL, "--precision", "bf16-products"], PRODUCT_FAULTS)]


def is_noticed(kernel, before, after, text):
    buffers = [buffer.copy() for buffer in before]
    try:
        kernel.run(buffers, text=text)
    except (PtxError, KeyError):
        return True
    return kernel.difference(buffers, after) > BOUND


def mutations(text, pattern, change, limit=3):
    """The text with each of the first few matches changed."""
    for match in list(re.finditer(pattern, text))[:limit]:
        yield text[: match.start()] + change(match) + text[match.end() :]


def check(build, options, faults):
    """Plants the faults in every kernel; what is right is what the kernel makes of its buffers as it stands."""
    tried, missed, barriers, noticed = {name: 0 for name in faults}, {name: [] for name in [*faults, "barrier"]}, 0, 0
    with tempfile.TemporaryDirectory() as work:
        triton, captured = kernels.prepare(build, work, "models/retnet.mlir", options)
        for name in kernels.names_of(triton):
            kernel = kernels.Kernel(triton, name)
            before = kernel.split(kernels.read(captured, name, "before"))
            after = [buffer.copy() for buffer in before]
            kernel.run(after)
            for fault, (pattern, change) in faults.items():
                for text in mutations(kernel.text, pattern, change):
                    tried[fault] += 1
                    if not is_noticed(kernel, before, after, text):
                        missed[fault].append(name)
            found = [is_noticed(kernel, before, after, text) for text in mutations(kernel.text, r"bar\.sync \t0;", lambda m: "", limit=12)]
            barriers, noticed = barriers + len(found), noticed + sum(found)
            if name.startswith("linear") and sum(found) < 1:
                missed["barrier"].append(name)
    print(f"{options[4:]}: tried {tried}; missed {missed}; {noticed} of {barriers} barriers noticed")
    for fault, count in tried.items():
        if count == 0 or len(missed[fault]) > (1 - NOTICED) * count:
            sys.exit(f"{fault}: {len(missed[fault])} of {count} faults went unnoticed")
    if missed["barrier"] or 3 * noticed < barriers:  # every sink ends with one, needed or not
        sys.exit(f"barriers went unnoticed: {missed['barrier']}")


def main(build):
    for plan in PLANS:
        check(build, *plan)


if __name__ == "__main__":
    main(sys.argv[1])
