"""What PTX's arithmetic does to the values of all threads at once.

Registers are unsigned arrays of their width; each operation views them as its type says. `OPERATIONS` maps an opcode without
its types and modifiers to a function (parts, operand arrays) -> result array.
"""
import numpy as np

from ptx_text import PtxError

TYPES = {"pred": np.bool_, "b1": np.bool_}
for bits in (8, 16, 32, 64):
    TYPES[f"b{bits}"] = TYPES[f"u{bits}"] = np.dtype(f"u{bits // 8}").type
    TYPES[f"s{bits}"] = np.dtype(f"i{bits // 8}").type
TYPES["f16"], TYPES["f32"], TYPES["f64"] = np.float16, np.float32, np.float64


def type_of(parts):
    """The last part that is a type."""
    for part in reversed(parts):
        if part in TYPES:
            return part
    raise PtxError(f"no type in {'.'.join(parts)}")


def raw(values):
    """Back to the unsigned form."""
    return values if values.dtype == np.bool_ else values.view(f"u{values.dtype.itemsize}")


def typed(values, name):
    return values if TYPES[name] == np.bool_ else values.view(TYPES[name])


def binary(function):
    def run(parts, operands):
        name = type_of(parts)
        a, b = (typed(operand, name) for operand in operands)
        return raw(np.asarray(function(a, b), TYPES[name]))

    return run


def unary(function):
    def run(parts, operands):
        name = type_of(parts)
        return raw(np.asarray(function(typed(operands[0], name)), TYPES[name]))

    return run


def bitwise(function):
    return lambda parts, operands: function(*operands)


def fma(parts, operands):
    """Once rounded: the product of two f32 is exact in f64, and so, but for rare halves, is the sum."""
    name = type_of(parts)
    a, b, c = (typed(operand, name).astype(np.float64) for operand in operands)
    return raw((a * b + c).astype(TYPES[name]))


def multiply(parts, operands):
    name = type_of(parts)
    a, b = (typed(operand, name) for operand in operands)
    if "wide" in parts:
        wide = TYPES[name[0] + str(2 * int(name[1:]))]
        return raw(a.astype(wide) * b.astype(wide))
    if "hi" in parts:
        bits = int(name[1:])
        if bits == 64:
            product = [int(x) * int(y) >> 64 for x, y in zip(a, b)]
            return np.array([value & (2**64 - 1) for value in product], np.uint64)
        wide = TYPES[name[0] + "64"]
        return raw((a.astype(wide) * b.astype(wide) >> wide(bits)).astype(TYPES[name]))
    return raw(a * b)


def multiply_add(parts, operands):
    product = multiply(parts, operands[:2])
    return product + operands[2]


def divide(parts, operands):
    name = type_of(parts)
    a, b = (typed(operand, name) for operand in operands)
    if name.startswith("f"):
        return raw(np.asarray(a / b, TYPES[name]))
    safe = np.where(b == 0, TYPES[name](1), b)  # PTX: any value
    quotient = a // safe
    if name[0] == "s":  # towards zero
        quotient = np.where((quotient < 0) & (quotient * safe != a), quotient + 1, quotient)
    return raw(quotient.astype(TYPES[name]))


def remainder(parts, operands):
    name = type_of(parts)
    a, b = (typed(operand, name) for operand in operands)
    safe = np.where(b == 0, TYPES[name](1), b)
    return raw((a - typed(divide(parts, [raw(a), raw(safe)]), name) * safe).astype(TYPES[name]))


def shift(parts, operands):
    name = type_of(parts)
    bits = int(name[1:])
    value, by = typed(operands[0], name), operands[1].astype(np.uint64)
    beyond = by >= bits
    amount = np.minimum(by, bits - 1).astype(TYPES[name])
    if parts[0] == "shl":
        result = np.where(beyond, TYPES[name](0), value << amount)
    else:
        fill = np.where(value < 0, TYPES[name](-1), TYPES[name](0)) if name[0] == "s" else TYPES[name](0)
        result = np.where(beyond, fill, value >> amount)
    return raw(result.astype(TYPES[name]))


def extreme(pick):
    def run(parts, operands):
        name = type_of(parts)
        a, b = (typed(operand, name) for operand in operands)
        if name.startswith("f") and "NaN" not in parts:  # a number wins against NaN
            return raw({"min": np.fmin, "max": np.fmax}[pick](a, b))
        return raw({"min": np.minimum, "max": np.maximum}[pick](a, b))

    return run


COMPARISONS = {"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
               "lo": np.less, "ls": np.less_equal, "hi": np.greater, "hs": np.greater_equal}


def compare(parts, operands):
    name = type_of(parts)
    a, b = (typed(operand, name) for operand in operands[:2])
    word = parts[1]
    with np.errstate(invalid="ignore"):
        if name.startswith("f"):
            unordered = np.isnan(a) | np.isnan(b)
            if word in ("num", "nan"):
                result = unordered if word == "nan" else ~unordered
            elif word.endswith("u") and word[:-1] in COMPARISONS:
                result = COMPARISONS[word[:-1]](a, b) | unordered
            else:
                result = COMPARISONS[word](a, b) & ~unordered
        else:
            result = COMPARISONS[word](a, b)
    if len(operands) == 3:  # setp.lt.and.f32 p, a, b, q
        result = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}[parts[2]](result, operands[2])
    return result


def select(parts, operands):
    return np.where(operands[2], operands[0], operands[1])


def convert(parts, operands):
    names = [part for part in parts if part in TYPES]
    target, source = TYPES[names[0]], names[1]
    value = operands[0]
    if value.dtype.itemsize > np.dtype(TYPES[source]).itemsize:  # a wider register: its low bits
        value = value.astype(f"u{np.dtype(TYPES[source]).itemsize}")
    value = typed(value, source)
    if source.startswith("f"):
        rounding = {"rzi": np.trunc, "rni": np.rint, "rmi": np.floor, "rpi": np.ceil}
        for part, function in rounding.items():
            if part in parts:
                value = function(value)
        if not names[0].startswith("f"):
            info = np.iinfo(target)
            value = np.where(np.isnan(value), 0, np.clip(value.astype(np.float64), info.min, info.max))
    with np.errstate(over="ignore"):
        return raw(value.astype(target))


def bit_field(parts, operands):
    name = type_of(parts)
    bits = int(name[1:])
    start, length = (operand.astype(np.uint64) & np.uint64(255) for operand in operands[1:])
    value = operands[0].astype(np.uint64)
    mask = np.where(length >= 64, np.uint64(2**64 - 1), (np.uint64(1) << np.minimum(length, 63)) - np.uint64(1))
    result = (value >> np.minimum(start, 63)) & mask
    if name[0] == "s":
        top = np.uint64(1) << (np.maximum(length, 1) - np.uint64(1))
        result = np.where(result & top, result | ~mask, result)
    return result.astype(f"u{bits // 8}")


def permute(parts, operands):
    a, b, control = operands
    pool = a.astype(np.uint64) | b.astype(np.uint64) << np.uint64(32)
    result = np.zeros(len(a), np.uint64)
    for byte in range(4):
        pick = control >> np.uint32(4 * byte)
        value = pool >> ((pick & np.uint32(7)).astype(np.uint64) * np.uint64(8)) & np.uint64(255)
        sign = np.where(value & np.uint64(128), np.uint64(255), np.uint64(0))
        value = np.where(pick & np.uint32(8), sign, value)
        result |= value << np.uint64(8 * byte)
    return result.astype(np.uint32)


def copy_sign(parts, operands):
    """d takes the sign of a and the magnitude of b."""
    return raw(np.copysign(typed(operands[1], "f32"), typed(operands[0], "f32")))


def logic_table(parts, operands):
    a, b, c, table = operands
    result = np.zeros_like(a)
    for case in range(8):
        if int(table[0]) >> case & 1:
            result |= (a if case & 4 else ~a) & (b if case & 2 else ~b) & (c if case & 1 else ~c)
    return result


OPERATIONS = {
    "add": binary(np.add),
    "sub": binary(np.subtract),
    "mul": multiply,
    "mad": multiply_add,
    "fma": fma,
    "div": divide,
    "rem": remainder,
    "min": extreme("min"),
    "max": extreme("max"),
    "neg": unary(np.negative),
    "abs": unary(np.abs),
    "sqrt": unary(np.sqrt),
    "rsqrt": unary(lambda x: 1 / np.sqrt(x.astype(np.float64))),
    "rcp": unary(lambda x: 1 / x),
    "ex2": unary(lambda x: np.exp2(x.astype(np.float64))),
    "lg2": unary(lambda x: np.log2(x.astype(np.float64))),
    "sin": unary(lambda x: np.sin(x.astype(np.float64))),
    "cos": unary(lambda x: np.cos(x.astype(np.float64))),
    "and": bitwise(np.bitwise_and),
    "or": bitwise(np.bitwise_or),
    "xor": bitwise(np.bitwise_xor),
    "not": bitwise(np.invert),
    "shl": shift,
    "shr": shift,
    "setp": compare,
    "selp": select,
    "cvt": convert,
    "bfe": bit_field,
    "prmt": permute,
    "copysign": copy_sign,
    "lop3": logic_table,
    "mov": bitwise(lambda a: a),
    "cvta": bitwise(lambda a: a),
}
