"""Reads the text of one PTX module: entries, parameters, registers, shared memory, instructions.

Only what LLVM's NVPTX backend writes for Rondo and for pointwise kernels of Triton: one entry, no functions, no debug information.
"""
import re
from dataclasses import dataclass, field

REGISTER_BITS = {"pred": 1, "b8": 8, "b16": 16, "b32": 32, "b64": 64, "f32": 32, "f64": 64, "u32": 32, "u64": 64, "s32": 32, "s64": 64}
PARAMETER_BYTES = {f"{kind}{bits}": bits // 8 for kind in "usb" for bits in (8, 16, 32, 64)} | {"f32": 4, "f64": 8}


class PtxError(Exception):
    """The text, or what it does, is not what PTX allows. `line` counts from 1."""

    def __init__(self, message, line=None):
        super().__init__(message if line is None else f"line {line}: {message}")
        self.line = line


@dataclass
class Instruction:
    opcode: str  # "ld.global.nc.b32"
    operands: list  # text; a vector is a list, an address a tuple (base, offset)
    line: int
    predicate: str = ""  # register, or none
    negated: bool = False

    @property
    def parts(self):
        return self.opcode.split(".")


@dataclass
class Entry:
    name: str
    parameters: list  # bytes of each, in order
    parameter_names: dict  # name -> index
    threads: int  # of a block, by .reqntid
    registers: dict  # prefix such as "%rd" -> bits
    instructions: list
    labels: dict  # name -> index of the instruction behind it
    shared: dict  # symbol -> (offset, bytes); external ones start at the end of the others
    target: str = ""
    version: str = ""
    source: list = field(default_factory=list)  # lines


def strip_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def operands_of(text, line):
    """Splits at commas outside of braces and brackets."""
    operands, depth, current = [], 0, ""
    for character in text + ",":
        depth += character in "{["
        depth -= character in "}]"
        if character == "," and depth == 0:
            if current.strip():
                operands.append(operand_of(current.strip(), line))
            current = ""
        else:
            current += character
    return operands


def operand_of(text, line):
    if text.startswith("{"):
        return [part.strip() for part in text[1:-1].split(",")]
    if text.startswith("["):
        match = re.fullmatch(r"\[\s*([%$\w.]+)\s*(?:\+\s*(-?\d+))?\s*\]", text)
        if not match:
            raise PtxError(f"expected an address, found {text}", line)
        return (match.group(1), int(match.group(2) or 0))
    return text


def instruction_of(text, line):
    match = re.fullmatch(r"(?:@(!?)(%\w+)\s+)?([a-z][\w.:]*)\s*(.*)", text, re.S)
    if not match:
        raise PtxError(f"expected an instruction, found {text!r}", line)
    negated, predicate, opcode, rest = match.groups()
    # A shuffle may give a predicate too: %r1|%p1.
    return Instruction(opcode, operands_of(rest, line), line, predicate or "", bool(negated))


def parse(text):
    """The module's one entry."""
    text = strip_comments(text)
    head = re.search(r"\.visible\s+\.entry\s+([\w$]+)\s*\((.*?)\)\s*(.*?)\{", text, re.S)
    if not head:
        raise PtxError("expected an entry, found none")
    name, parameter_text, attributes = head.groups()
    parameters, names = [], {}
    for declaration in filter(str.strip, parameter_text.split(",")):
        match = re.search(r"\.param\s+\.(\w+).*?([\w$]+)\s*$", declaration.strip(), re.S)
        if not match or match.group(1) not in PARAMETER_BYTES:
            raise PtxError(f"expected a parameter of 8 to 64 bits, found {declaration.strip()!r}")
        names[match.group(2)] = len(parameters)
        parameters.append(PARAMETER_BYTES[match.group(1)])
    threads = re.search(r"\.reqntid\s+(\d+)", attributes)
    version, target = (re.search(rf"\.{word}\s+([\w.]+)", text) for word in ("version", "target"))
    entry = Entry(name, parameters, names, int(threads.group(1)) if threads else 0, {}, [], {}, shared_of(text),
                  target.group(1) if target else "", version.group(1) if version else "", text.splitlines())
    read_body(entry, text, head.end())
    return entry


def shared_of(text):
    symbols, offset, external = {}, 0, []
    for match in re.finditer(r"(\.extern\s+)?\.shared\s+\.align\s+(\d+)\s+\.b8\s+([\w$]+)\s*\[(\d*)\]", text):
        if match.group(1):
            external.append(match.group(3))
            continue
        align, size = int(match.group(2)), int(match.group(4))
        offset = -(-offset // align) * align
        symbols[match.group(3)] = (offset, size)
        offset += size
    for name in external:
        symbols[name] = (-(-offset // 1024) * 1024, 0)
    return symbols


def read_body(entry, text, start):
    line = text.count("\n", 0, start) + 1
    statement = ""
    depth = 1
    for position in range(start, len(text)):
        character = text[position]
        line += character == "\n"
        braces_are_operands = statement.strip() and not statement.strip().endswith(";")
        if character in "{}" and not braces_are_operands:
            depth += 1 if character == "{" else -1
            if depth == 0:
                return
            continue
        if character == ":" and re.fullmatch(r"\s*[$\w]+", statement):
            entry.labels[statement.strip()] = len(entry.instructions)
            statement = ""
        elif character == ";":
            add_statement(entry, statement.strip(), line)
            statement = ""
        else:
            statement += character
    raise PtxError("expected the entry's end, found none")


def add_statement(entry, statement, line):
    if statement.startswith(".reg"):
        match = re.fullmatch(r"\.reg\s+\.(\w+)\s+(%\w+?)<\d+>", statement)
        if not match:
            raise PtxError(f"expected registers, found {statement!r}", line)
        entry.registers[match.group(2)] = REGISTER_BITS[match.group(1)]
    elif statement.startswith((".pragma", ".loc", ".shared")):
        pass
    elif statement.startswith(".local"):
        raise PtxError("local memory", line)
    elif statement:
        entry.instructions.append(instruction_of(statement, line))
