"""mma.sync on the fragments of whole warps. (PTX ISA, "Matrix Fragments for mma.m16n8k8": g = lane / 4, t = lane % 4.)"""
import numpy as np

from ptx_text import PtxError

WARP = 32
LANE = np.arange(WARP)
G, T = LANE // 4, LANE % 4
TF32_BITS = np.uint32(0xFFFFE000)  # 10 bits of mantissa


def round_to_tf32(values):
    """To the nearest, halves away from zero; what is not finite stays."""
    bits = values.astype(np.uint32)
    finite = bits & np.uint32(0x7F800000) != np.uint32(0x7F800000)
    return np.where(finite, bits + np.uint32(0x1000), bits) & TF32_BITS


def multiply_m16n8k8_tf32(a, b, c):
    """Words of the fragments of one warp, [4][32], [2][32], [4][32], to those of a b + c."""
    left, right = np.zeros((16, 8)), np.zeros((8, 8))
    for register, (row, column) in enumerate(((G, T), (G + 8, T), (G, T + 4), (G + 8, T + 4))):
        left[row, column] = (a[register] & TF32_BITS).view(np.float32)
    for register, row in enumerate((T, T + 4)):
        right[row, G] = (b[register] & TF32_BITS).view(np.float32)
    places = ((G, 2 * T), (G, 2 * T + 1), (G + 8, 2 * T), (G + 8, 2 * T + 1))
    sums = np.zeros((16, 8))
    for register, place in enumerate(places):
        sums[place] = c[register].view(np.float32)
    with np.errstate(all="ignore"):
        result = (left @ right + sums).astype(np.float32)
    return [result[place].view(np.uint32) for place in places]


def mma(machine, instruction, mask):
    """All threads of each warp that takes part."""
    if instruction.opcode != "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32":
        raise PtxError(f"no such instruction: {instruction.opcode}")
    targets, *operands = instruction.operands
    a, b, c = ([machine.read(register, 32).reshape(-1, WARP) for register in registers] for registers in operands)
    results = [np.zeros((machine.count // WARP, WARP), np.uint32) for _ in targets]
    warps = np.ones(machine.count // WARP, bool) if mask is None else mask.reshape(-1, WARP).all(axis=1)
    for warp in np.nonzero(warps)[0]:
        found = multiply_m16n8k8_tf32(*([register[warp].copy() for register in registers] for registers in (a, b, c)))
        for result, values in zip(results, found):
            result[warp] = values
    for target, result in zip(targets, results):
        machine.write(target, result.reshape(-1), mask)
