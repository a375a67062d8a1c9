"""mma.sync on the fragments of whole warps, what loads them, and the types that they are made of. (PTX ISA, "Matrix Fragments for mma.m16n8k8"
and "mma.m16n8k16": g = lane / 4, t = lane % 4.)"""
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


def add_product(left, right, c):
    """What the words of a fragment of 16 x 8 sums become."""
    places = ((G, 2 * T), (G, 2 * T + 1), (G + 8, 2 * T), (G + 8, 2 * T + 1))
    sums = np.zeros((16, 8))
    for register, place in enumerate(places):
        sums[place] = c[register].view(np.float32)
    with np.errstate(all="ignore"):
        result = (left @ right + sums).astype(np.float32)
    return [result[place].view(np.uint32) for place in places]


def multiply_m16n8k8_tf32(a, b, c):
    """Words of the fragments of one warp, [4][32], [2][32], [4][32], to those of a b + c."""
    left, right = np.zeros((16, 8)), np.zeros((8, 8))
    for register, (row, column) in enumerate(((G, T), (G + 8, T), (G, T + 4), (G + 8, T + 4))):
        left[row, column] = (a[register] & TF32_BITS).view(np.float32)
    for register, row in enumerate((T, T + 4)):
        right[row, G] = (b[register] & TF32_BITS).view(np.float32)
    return add_product(left, right, c)


def round_to_bf16(values):
    """Words of f32 to halves, to the nearest, ties to even."""
    bits = values.astype(np.uint64)
    rounded = bits + np.uint64(0x7FFF) + (bits >> np.uint64(16) & np.uint64(1))
    is_nan = (bits & np.uint64(0x7FFFFFFF)) > np.uint64(0x7F800000)
    return np.where(is_nan, 0x7FFF, rounded >> np.uint64(16) & np.uint64(0xFFFF)).astype(np.uint16)


def convert_bf16(machine, instruction, mask):
    """cvt to and from bf16; bf16x2 takes its high half first."""
    target, *sources = instruction.operands
    if "bf16x2" in instruction.parts:
        high, low = (round_to_bf16(machine.read(source, 32)).astype(np.uint32) for source in sources)
        machine.write(target, high << np.uint32(16) | low, mask)
    elif instruction.parts[-1] == "f32":
        machine.write(target, round_to_bf16(machine.read(sources[0], 32)), mask)
    elif instruction.parts[-1] == "bf16" and "f32" in instruction.parts:
        machine.write(target, machine.read(sources[0], 16).astype(np.uint32) << np.uint32(16), mask)
    else:
        raise PtxError(f"no such instruction: {instruction.opcode}")


def halves(words):
    """The low and the high half of each word, as f32."""
    return ((words << np.uint32(16)).view(np.float32), (words & np.uint32(0xFFFF0000)).view(np.float32))


def multiply_m16n8k16_bf16(a, b, c):
    """Words of the fragments of one warp, [4][32], [2][32], [4][32], to those of a b + c."""
    left, right = np.zeros((16, 16)), np.zeros((16, 8))
    for register, (row, column) in enumerate(((G, 2 * T), (G + 8, 2 * T), (G, 2 * T + 8), (G + 8, 2 * T + 8))):
        left[row, column], left[row, column + 1] = halves(a[register])
    for register, row in enumerate((2 * T, 2 * T + 8)):
        right[row, G], right[row + 1, G] = halves(b[register])
    return add_product(left, right, c)


PRODUCTS = {
    "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32": multiply_m16n8k8_tf32,
    "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32": multiply_m16n8k16_bf16,
}


def mma(machine, instruction, mask):
    """All threads of each warp that takes part."""
    if instruction.opcode not in PRODUCTS:
        raise PtxError(f"no such instruction: {instruction.opcode}")
    targets, *operands = instruction.operands
    a, b, c = ([machine.read(register, 32).reshape(-1, WARP) for register in registers] for registers in operands)
    results = [np.zeros((machine.count // WARP, WARP), np.uint32) for _ in targets]
    for warp in warps_of(machine, mask):
        found = PRODUCTS[instruction.opcode](*([register[warp].copy() for register in registers] for registers in (a, b, c)))
        for result, values in zip(results, found):
            result[warp] = values
    for target, result in zip(targets, results):
        machine.write(target, result.reshape(-1), mask)


def warps_of(machine, mask):
    warps = np.ones(machine.count // WARP, bool) if mask is None else mask.reshape(-1, WARP).all(axis=1)
    return np.nonzero(warps)[0]


def load_matrices(machine, instruction, mask):
    """ldmatrix: thread 8 i + r names row r of matrix i; word i of thread 4 g + t is (g, 2 t) and (g, 2 t + 1) of matrix i, or with .trans of
    its transpose."""
    if "x4" not in instruction.parts or "b16" not in instruction.parts:
        raise PtxError(f"no such instruction: {instruction.opcode}")
    targets, address = instruction.operands
    addresses = machine.addresses(address, "shared")
    active = slice(None) if mask is None else mask
    if np.any(addresses[active] % np.uint64(16)):
        raise PtxError("a row of a matrix at an address that is no multiple of 16")
    rows = np.zeros((machine.count, 4), np.uint32)
    for word in range(4):
        rows[active, word] = machine.memory.load("shared", addresses[active] + np.uint64(4 * word), 4, machine.threads[active], instruction.line)
    elements = rows.view(np.uint16).reshape(-1, 4, 8, 8).astype(np.uint32)  # [warp][matrix][row][column]
    if "trans" in instruction.parts:
        elements = elements.transpose(0, 1, 3, 2)
    for matrix, target in enumerate(targets):
        low, high = elements[:, matrix, G, 2 * T], elements[:, matrix, G, 2 * T + 1]
        machine.write(target, (low | high << np.uint32(16)).reshape(-1), mask)
