#!/usr/bin/env python3
"""The emulator itself: each kind of instruction against numpy, and each thing that it must notice."""
import sys

import numpy as np

import machine
import ptx_text

THREADS = 64
HEAD = """
.version 7.0
.target sm_80
.address_size 64
.extern .shared .align 1024 .b8 smem[];
.visible .entry k(.param .u64 k_param_0, .param .u64 k_param_1, .param .u64 k_param_2, .param .u64 scratch, .param .u64 profile)
.reqntid 64, 1, 1
{
  .reg .pred %p<9>; .reg .b16 %rs<9>; .reg .b32 %r<30>; .reg .b64 %rd<30>;
  ld.param.b64 %rd1, [k_param_0]; cvta.to.global.u64 %rd1, %rd1;
  ld.param.b64 %rd2, [k_param_1]; cvta.to.global.u64 %rd2, %rd2;
  ld.param.b64 %rd3, [k_param_2]; cvta.to.global.u64 %rd3, %rd3;
  mov.u32 %r1, %tid.x; mul.wide.u32 %rd4, %r1, 4; mul.wide.u32 %rd5, %r1, 8;
  add.s64 %rd6, %rd1, %rd4; add.s64 %rd7, %rd2, %rd4; add.s64 %rd8, %rd3, %rd5; mov.b64 %rd9, smem;
  add.s64 %rd9, %rd9, %rd4;
"""
OPERANDS = "ld.global.b32 %r2, [%rd6]; ld.global.b32 %r3, [%rd7];\n"
I, F = "u4", "f4"


def run(body, a, b, shared=1024, writable=(False, False, True)):
    """The third buffer, 8 bytes per thread, after a run."""
    entry = ptx_text.parse(HEAD + body + "\n ret;\n}\n")
    out = np.zeros(8 * THREADS, np.uint8)
    machine.run_block(entry, [a.view(np.uint8).copy(), b.view(np.uint8).copy(), out], shared, writable=list(writable))
    return out


# Text of the operation on %r2 and %r3 into %r4 (or %rd10), types of operands and result, and what numpy makes of it.
def wide(x):
    return x.astype("i8")


CASES = [
    ("add.s32 %r4, %r2, %r3;", "i4", "i4", lambda a, b: a + b),
    ("sub.s32 %r4, %r2, %r3;", "i4", "i4", lambda a, b: a - b),
    ("mul.lo.s32 %r4, %r2, %r3;", "i4", "i4", lambda a, b: a * b),
    ("mul.hi.s32 %r4, %r2, %r3;", "i4", "i4", lambda a, b: (wide(a) * wide(b) >> 32).astype("i4")),
    ("mul.hi.u32 %r4, %r2, %r3;", I, I, lambda a, b: (a.astype("u8") * b.astype("u8") >> np.uint64(32)).astype(I)),
    ("mul.wide.s32 %rd10, %r2, %r3;", "i4", "i8", lambda a, b: wide(a) * wide(b)),
    ("mad.lo.s32 %r4, %r2, %r3, 7;", "i4", "i4", lambda a, b: a * b + np.int32(7)),
    ("div.s32 %r4, %r2, %r3;", "i4", "i4", lambda a, b: np.trunc(a.astype("f8") / b).astype("i4")),
    ("div.u32 %r4, %r2, %r3;", I, I, lambda a, b: a // b),
    ("rem.s32 %r4, %r2, %r3;", "i4", "i4", lambda a, b: np.fmod(a, b)),
    ("min.s32 %r4, %r2, %r3;", "i4", "i4", np.minimum),
    ("max.u32 %r4, %r2, %r3;", I, I, np.maximum),
    ("and.b32 %r4, %r2, %r3;", I, I, np.bitwise_and),
    ("or.b32 %r4, %r2, %r3;", I, I, np.bitwise_or),
    ("xor.b32 %r4, %r2, %r3;", I, I, np.bitwise_xor),
    ("not.b32 %r4, %r2;", I, I, lambda a, b: ~a),
    ("neg.s32 %r4, %r2;", "i4", "i4", lambda a, b: -a),
    ("shl.b32 %r4, %r2, 5;", I, I, lambda a, b: a << np.uint32(5)),
    ("shl.b32 %r4, %r2, 40;", I, I, lambda a, b: a * 0),
    ("shr.u32 %r4, %r2, 5;", I, I, lambda a, b: a >> np.uint32(5)),
    ("shr.s32 %r4, %r2, 40;", "i4", "i4", lambda a, b: np.where(a < 0, -1, 0).astype("i4")),
    ("bfe.u32 %r4, %r2, 4, 8;", I, I, lambda a, b: a >> np.uint32(4) & np.uint32(255)),
    ("bfe.s32 %r4, %r2, 4, 8;", I, "i4", lambda a, b: (a >> np.uint32(4) & np.uint32(255)).astype("u1").view("i1").astype("i4")),
    ("prmt.b32 %r4, %r2, %r3, 0x7210;", I, I, lambda a, b: a & np.uint32(0xFFFFFF) | b & np.uint32(0xFF000000)),
    ("lop3.b32 %r4, %r2, %r3, %r1, 0x96;", I, I, lambda a, b: a ^ b ^ np.arange(THREADS, dtype=I)),
    ("setp.lt.s32 %p1, %r2, %r3; selp.b32 %r4, %r2, %r3, %p1;", "i4", "i4", np.minimum),
    ("setp.ltu.f32 %p1, %r2, %r3; selp.b32 %r4, 1, 0, %p1;", F, I, lambda a, b: (~(a >= b)).astype(I)),
    ("setp.lt.f32 %p1, %r2, %r3; selp.b32 %r4, 1, 0, %p1;", F, I, lambda a, b: (a < b).astype(I)),
    ("mov.b32 {%rs1, %rs2}, %r2; mov.b32 %r4, {%rs2, %rs1};", I, I, lambda a, b: a >> np.uint32(16) | a << np.uint32(16)),
    ("cvt.s64.s32 %rd10, %r2;", "i4", "i8", lambda a, b: wide(a)),
    ("cvt.u64.u32 %rd10, %r2;", I, "u8", lambda a, b: a.astype("u8")),
    ("cvt.u16.u32 %rs1, %r2; cvt.u32.u16 %r4, %rs1;", I, I, lambda a, b: a & np.uint32(0xFFFF)),
    ("cvt.rn.f32.s32 %r4, %r2;", "i4", F, lambda a, b: a.astype(F)),
    ("cvt.rzi.s32.f32 %r4, %r2;", F, "i4", lambda a, b: np.clip(np.where(np.isnan(a), 0, np.trunc(a)).astype("f8"), -2**31, 2**31 - 1).astype("i4")),
    ("add.rn.f32 %r4, %r2, %r3;", F, F, lambda a, b: a + b),
    ("sub.rn.f32 %r4, %r2, %r3;", F, F, lambda a, b: a - b),
    ("mul.rn.f32 %r4, %r2, %r3;", F, F, lambda a, b: a * b),
    ("fma.rn.f32 %r4, %r2, %r3, %r2;", F, F, lambda a, b: (a.astype("f8") * b + a).astype(F)),
    ("div.rn.f32 %r4, %r2, %r3;", F, F, lambda a, b: a / b),
    ("max.f32 %r4, %r2, %r3;", F, F, np.fmax),
    ("max.NaN.f32 %r4, %r2, %r3;", F, F, np.maximum),
    ("abs.f32 %r4, %r2;", F, F, lambda a, b: np.abs(a)),
    ("neg.f32 %r4, %r2;", F, F, lambda a, b: -a),
    ("copysign.f32 %r4, %r2, %r3;", F, F, lambda a, b: np.copysign(b, a)),
    ("abs.f32 %r5, %r2; sqrt.rn.f32 %r4, %r5;", F, F, lambda a, b: np.sqrt(np.abs(a))),
    ("rcp.rn.f32 %r4, %r2;", F, F, lambda a, b: np.float32(1) / a),
    ("ex2.approx.f32 %r4, %r2;", F, F, lambda a, b: np.exp2(a)),
    ("shfl.sync.bfly.b32 %r4, %r2, 5, 31, -1;", I, I, lambda a, b: a[np.arange(THREADS) ^ 5]),
    ("shfl.sync.down.b32 %r4|%p1, %r2, 3, 31, -1;", I, I, lambda a, b: a[np.where(np.arange(THREADS) % 32 < 29, np.arange(THREADS) + 3, np.arange(THREADS))]),
    ("shfl.sync.idx.b32 %r4, %r2, 9, 31, -1;", I, I, lambda a, b: a[np.arange(THREADS) // 32 * 32 + 9]),
    # A branch that parts a warp, and a loop of another length in each thread.
    ("setp.lt.u32 %p1, %r1, 20; @%p1 bra A; add.s32 %r4, %r2, 1; bra.uni B;\nA: add.s32 %r4, %r2, 2;\nB:", I, I,
     lambda a, b: a + np.where(np.arange(THREADS) < 20, 2, 1).astype(I)),
    ("mov.b32 %r4, 0; mov.b32 %r5, 0;\nL: add.s32 %r4, %r4, %r2; add.s32 %r5, %r5, 1; setp.le.u32 %p1, %r5, %r1; @%p1 bra L;", I, I,
     lambda a, b: a * (np.arange(THREADS) + 1).astype(I)),
    # Through shared memory, behind a barrier.
    ("st.shared.b32 [%rd9], %r2; bar.sync 0; ld.shared.b32 %r4, [%rd9]; shl.b32 %r5, %r1, 2; sub.s32 %r5, 252, %r5; cvt.u64.u32 %rd11, %r5; "
     "mov.b64 %rd12, smem; add.s64 %rd12, %rd12, %rd11; ld.shared.b32 %r4, [%rd12];", I, I, lambda a, b: a[::-1]),
    ("add.s64 %rd12, %rd1, 16; ld.global.v4.b32 {%r5, %r6, %r7, %r8}, [%rd12]; add.s32 %r4, %r5, %r8;", I, I,
     lambda a, b: np.full(THREADS, a[4] + a[7], I)),
]

# Each thread's word (%rd6) arrives by a copy at its place in shared memory (%rd9); NEIGHBOUR makes %rd12 the place of its neighbour.
COPY = "cp.async.ca.shared.global [%rd9], [%rd6], 4; cp.async.commit_group; "
NEIGHBOUR = "xor.b32 %r5, %r1, 1; mul.wide.u32 %rd11, %r5, 4; mov.b64 %rd12, smem; add.s64 %rd12, %rd12, %rd11; "
CASES += [
    (COPY + NEIGHBOUR + "cp.async.wait_group 0; bar.sync 0; ld.shared.b32 %r4, [%rd12];", I, I, lambda a, b: a[np.arange(THREADS) ^ 1]),
    ("mov.b32 %r5, 0; cp.async.ca.shared.global [%rd9], [%rd6], 4, %r5; cp.async.commit_group; cp.async.wait_group 0; "
     "ld.shared.b32 %r4, [%rd9];", I, I, lambda a, b: np.zeros_like(a)),
    # One group may still be on its way, but not this one.
    (COPY + "cp.async.commit_group; cp.async.wait_group 1; ld.shared.b32 %r4, [%rd9];", I, I, lambda a, b: a),
]

FAULTS = {
    "is read while a copy to it is on its way": COPY + "cp.async.wait_group 1; ld.shared.b32 %r4, [%rd9];",
    "is written while a copy to it is on its way": COPY + "st.shared.b32 [%rd9], %r2; mov.b32 %r4, 0;",
    "and was touched by another": COPY + NEIGHBOUR + "cp.async.wait_group 0; ld.shared.b32 %r4, [%rd12];",
    "at 0 is read while": "cp.async.ca.shared.global [%rd9], [%rd6], 4; cp.async.wait_group 0; ld.shared.b32 %r4, [%rd9];",
    "race: shared memory": "st.shared.b32 [%rd9], %r2; xor.b32 %r5, %r1, 1; mul.wide.u32 %rd11, %r5, 4; mov.b64 %rd12, smem; "
                           "add.s64 %rd12, %rd12, %rd11; ld.shared.b32 %r4, [%rd12];",
    "where nothing was written": "ld.shared.b32 %r4, [%rd9];",
    "of buffer 0, which has": "ld.global.b32 %r4, [%rd6+4];",
    "which is only to be read": "st.global.b32 [%rd6], %r2;",
    "at an address that is no multiple": "ld.global.b32 %r4, [%rd6+2];",
    "write the same bytes": "st.global.b32 [%rd3], %r2;",
    "threads wait for each other": "setp.lt.u32 %p1, %r1, 20; @%p1 bra A; bar.sync 0; bra.uni B;\nA: bar.sync 0;\nB: mov.b32 %r4, 0;",
    "less than a warp": "shfl.sync.bfly.b32 %r4, %r2, 1, 31, 255;",
    "read before it is written": "add.s32 %r4, %r20, 1;",
    "no such instruction": "brev.b32 %r4, %r2;",
    "belongs to no buffer": "mov.b64 %rd12, 64; ld.global.b32 %r4, [%rd12];",
}


def check_case(text, kind, result, expected, random):
    a, b = (random.integers(1, 2**31, THREADS, dtype="i8").astype(I) * random.choice([1, 3], THREADS).astype(I) for _ in range(2))
    if kind == F:
        a, b = (random.standard_normal(THREADS).astype(F) * 8 for _ in range(2))
        a[:3], b[1:4] = [np.nan, 0, np.inf], [np.nan, 1, -np.inf]
    a, b = a.view(kind), b.view(kind)
    is_wide = result[1] == "8"
    out = run(OPERANDS + text + (" st.global.b64 [%rd8], %rd10;" if is_wide else " st.global.b32 [%rd8], %r4;"), a, b)
    found = out.view(result) if is_wide else out.view(result)[::2]
    with np.errstate(all="ignore"):
        wanted = np.asarray(expected(a, b), result)
    same = np.array_equal(found, wanted, equal_nan=True) if result == F else np.array_equal(found, wanted)
    if not same and not (text.startswith("ex2") and np.allclose(found, wanted, rtol=1e-6, equal_nan=True)):
        return f"{text}: expected {wanted[:6]}, found {found[:6]}"
    return None


def check_fault(message, text):
    a = np.arange(1, THREADS + 1, dtype=I)
    try:
        run(OPERANDS + text + " st.global.b32 [%rd8], %r4;", a, a)
    except ptx_text.PtxError as error:
        return None if message in str(error) and str(error).startswith("line ") else f"expected '{message}', found '{error}'"
    return f"expected '{message}', found nothing"


def main():
    random = np.random.default_rng(1)
    problems = [check_case(*case, random) for case in CASES] + [check_fault(*fault) for fault in FAULTS.items()]
    problems = [problem for problem in problems if problem]
    print(f"{len(CASES)} instructions and {len(FAULTS)} faults, {len(problems)} problems")
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
