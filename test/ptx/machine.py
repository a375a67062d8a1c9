"""Runs one block of threads of a PTX entry on the CPU.

All threads of the block advance together, those at the smallest instruction first, so that branches that part them meet again;
an exchange within a warp waits for the whole warp, a barrier for the whole block. Every instruction works on the arrays of all its threads at
once. Races are noticed whatever the order (memory.py), so one order suffices.
"""
import re

import numpy as np

import arithmetic
import async_copies
import tensor_cores
import warpgroup_products
from memory import Memory, Region
from ptx_text import PtxError

WARP = 32
TOGETHER = {"shfl": WARP, "mma": WARP, "ldmatrix": WARP, "wgmma": warpgroup_products.GROUP}  # threads that execute an instruction at once
SPECIAL = {"%tid.y": 0, "%tid.z": 0, "%ctaid.y": 0, "%ctaid.z": 0, "%ntid.y": 1, "%ntid.z": 1, "%nctaid.y": 1, "%nctaid.z": 1, "WARP_SZ": WARP}


class Block:
    """One block of an entry, ready to run."""

    def __init__(self, entry, memory, block=0, blocks=1):
        self.entry, self.memory = entry, memory
        self.count = entry.threads
        self.threads = np.arange(self.count, dtype=np.int32)
        self.special = dict(SPECIAL)
        self.special.update({"%ctaid.x": block, "%nctaid.x": blocks, "%ntid.x": self.count})
        self.registers = {}
        self.constants = {}
        self.pc = np.zeros(self.count, np.int64)
        self.running = np.ones(self.count, bool)  # have not returned
        self.waiting = np.zeros(self.count, bool)  # at a barrier or an exchange
        self.steps = 0
        self.used = registers_read(entry)
        self.copies = async_copies.Copies(self)
        self.products = warpgroup_products.WarpgroupProducts(self)

    # ---- operands

    def width_of(self, register):
        prefix = re.match(r"%[a-z]+", register).group(0)
        if prefix not in self.entry.registers:
            raise PtxError(f"register {register} is not declared")
        return self.entry.registers[prefix]

    def constant(self, text, bits):
        key = (text, bits)
        if key not in self.constants:
            if text.startswith("0f"):
                value = int(text[2:], 16)
            elif text.startswith("0d"):
                value = int(text[2:], 16)
            else:
                value = int(text, 0)
            self.constants[key] = np.full(self.count, value % 2**bits, f"u{bits // 8}")
        return self.constants[key]

    def read(self, text, bits):
        if text in self.products.busy:
            raise PtxError(f"{text} is touched while the product of line {self.products.busy[text]} is on its way")
        if text in self.registers:
            return self.registers[text]
        if text == "%tid.x":
            return self.threads.astype(np.uint32)
        if text == "%laneid":
            return (self.threads % WARP).astype(np.uint32)
        if text in self.special:
            return np.full(self.count, self.special[text], np.uint32)
        if text in self.entry.shared:
            return np.full(self.count, self.entry.shared[text][0], f"u{bits // 8}")
        if text.startswith("%"):
            raise PtxError(f"register {text} is read before it is written")
        if text in ("true", "false"):
            return np.full(self.count, text == "true")
        return self.constant(text, bits)

    def write(self, register, values, mask):
        if register == "_":
            return
        if register in self.products.busy:
            raise PtxError(f"{register} is touched while the product of line {self.products.busy[register]} is on its way")
        bits = self.width_of(register)
        if bits == 1:
            values = np.asarray(values, bool)
        elif values.dtype.itemsize * 8 != bits:
            values = values.astype(f"u{bits // 8}")
        if mask is not None:
            before = self.registers.get(register)
            values = values.copy() if before is None else np.where(mask, values, before)
        self.registers[register] = values

    def addresses(self, operand, space):
        base, offset = operand
        if base in self.entry.shared:
            return np.full(self.count, self.entry.shared[base][0] + offset, np.uint64)
        return self.read(base, 64).astype(np.uint64) + np.uint64(offset % 2**64)

    # ---- instructions

    def execute(self, instruction, mask):
        """One instruction for the threads of `mask` (None: all). Branches are the caller's."""
        parts = instruction.parts
        name = parts[0]
        if name in ("ld", "ldu"):
            self.load(instruction, parts, mask)
        elif name == "st":
            self.store(instruction, parts, mask)
        elif name == "shfl":
            self.shuffle(instruction, parts, mask)
        elif name == "cp" and parts[1] == "async":
            self.copies.execute(instruction, mask)
        elif name == "mma":
            tensor_cores.mma(self, instruction, mask)
        elif name == "ldmatrix":
            tensor_cores.load_matrices(self, instruction, mask)
        elif name == "wgmma":
            self.products.execute(instruction, mask)
        elif name == "fence" and parts[1] == "proxy":
            self.memory.shared.show(self.threads if mask is None else self.threads[mask])
        elif name == "cvt" and ("bf16" in parts or "bf16x2" in parts):
            tensor_cores.convert_bf16(self, instruction, mask)
        elif name == "cvt" and "tf32" in parts:
            self.write(instruction.operands[0], tensor_cores.round_to_tf32(self.read(instruction.operands[1], 32)), mask)
        elif name == "mov" and isinstance(instruction.operands[1], list):
            self.pack(instruction, mask)
        elif name == "mov" and isinstance(instruction.operands[0], list):
            self.unpack(instruction, mask)
        elif name == "cvta" and "shared" in parts and "to" not in parts:
            self.write(instruction.operands[0], self.read(instruction.operands[1], 64) | np.uint64(Memory.SHARED), mask)
        elif name in arithmetic.OPERATIONS:
            self.compute(instruction, parts, mask)
        else:
            raise PtxError(f"no such instruction: {instruction.opcode}")

    def compute(self, instruction, parts, mask):
        target, *sources = instruction.operands
        widths = self.operand_widths(parts, sources)
        operands = [self.read(source, bits) for source, bits in zip(sources, widths)]
        with np.errstate(all="ignore"):
            self.write(target, arithmetic.OPERATIONS[parts[0]](parts, operands), mask)

    @staticmethod
    def operand_widths(parts, sources):
        name = arithmetic.type_of(parts)
        if parts[0] == "cvt":
            name = [part for part in parts if part in arithmetic.TYPES][1]
        bits = 8 if name in ("pred", "b1") else int(name[1:])
        widths = [bits] * len(sources)
        if parts[0] in ("shl", "shr"):
            widths[1] = 32
        if parts[0] == "bfe":
            widths[1:] = [32, 32]
        if parts[0] == "mad" and "wide" in parts:
            widths[2] = 2 * bits
        if parts[0] == "lop3":
            widths[3] = 32
        return widths

    def pack(self, instruction, mask):
        """Several registers side by side in a wider one, the first in its low bits."""
        target, parts = instruction.operands
        bits = self.width_of(target)
        part = bits // len(parts)
        value = np.zeros(self.count, f"u{bits // 8}")
        for i, source in enumerate(parts):
            value |= self.read(source, part).astype(value.dtype) << value.dtype.type(i * part)
        self.write(target, value, mask)

    def unpack(self, instruction, mask):
        parts, source = instruction.operands
        value = self.read(source, 64 if len(parts) > 2 or self.width_of(source) == 64 else 32)
        part = value.dtype.itemsize * 8 // len(parts)
        for i, target in enumerate(parts):
            self.write(target, (value >> value.dtype.type(i * part)).astype(f"u{part // 8}"), mask)

    def shape_of_access(self, parts):
        name = arithmetic.type_of(parts)
        width = int(name[1:]) // 8
        lanes = next((int(part[1:]) for part in parts if part in ("v2", "v4", "v8")), 1)
        space = next((part for part in parts if part in ("global", "shared", "param")), "generic")
        return name, width, lanes, space

    def load(self, instruction, parts, mask):
        name, width, lanes, space = self.shape_of_access(parts)
        targets = instruction.operands[0] if isinstance(instruction.operands[0], list) else [instruction.operands[0]]
        if space == "param":
            index = self.entry.parameter_names[instruction.operands[1][0]]
            return self.write(targets[0], np.full(self.count, self.memory.parameter(index), np.uint64), mask)
        addresses = self.addresses(instruction.operands[1], space)
        active = slice(None) if mask is None else mask
        if np.any(addresses[active] % np.uint64(width * lanes)):
            raise PtxError(f"{width * lanes} bytes at an address that is no multiple of that")
        for lane, target in enumerate(targets):
            if lanes > 1 and target not in self.used:
                continue  # LLVM fills gaps between loads that it joins
            at = addresses[active] + np.uint64(lane * width)
            values = np.zeros(self.count, f"u{width}")
            values[active] = self.memory.load(space, at, width, self.threads[active], instruction.line)
            bits = self.width_of(target)
            if name[0] == "s" and bits > width * 8:
                values = values.view(f"i{width}").astype(f"i{bits // 8}").view(f"u{bits // 8}")
            self.write(target, values, mask)

    def store(self, instruction, parts, mask):
        _, width, lanes, space = self.shape_of_access(parts)
        sources = instruction.operands[1] if isinstance(instruction.operands[1], list) else [instruction.operands[1]]
        addresses = self.addresses(instruction.operands[0], space)
        active = slice(None) if mask is None else mask
        if np.any(addresses[active] % np.uint64(width * lanes)):
            raise PtxError(f"{width * lanes} bytes at an address that is no multiple of that")
        for lane, source in enumerate(sources):
            values = self.read(source, width * 8).astype(f"u{width}")[active]
            self.memory.store(space, addresses[active] + np.uint64(lane * width), width, values, self.threads[active], instruction.line)

    def shuffle(self, instruction, parts, mask):
        target, source, offset, clamp, members = instruction.operands
        if np.any(self.read(members, 32) != np.uint32(0xFFFFFFFF)):
            raise PtxError("an exchange of less than a warp")
        lane = self.threads % WARP
        by = self.read(offset, 32).astype(np.int32)
        low = self.read(clamp, 32).astype(np.int32)
        segment, limit = low >> 8 & 31, low & 31
        first = lane & segment
        kind = parts[2]
        partner = {"bfly": lane ^ by, "down": lane + by, "up": lane - by, "idx": first | (by & ~segment & 31)}[kind]
        valid = partner >= limit if kind == "up" else partner <= (first | (limit & ~segment & 31))
        partner = np.where(valid, partner, lane)
        value = self.read(source, 32)
        result = value[self.threads // WARP * WARP + partner]
        if "|" in target:
            target, predicate = target.split("|")
            self.write(predicate, valid, mask)
        self.write(target, result, mask)

    # ---- control flow

    def run(self, limit=20_000_000):
        """To the end of all threads. Raises PtxError with the line at fault."""
        while self.running.any():
            free = self.running & ~self.waiting
            if not free.any():
                self.release_barrier()
                continue
            at = int(self.pc[free].min())
            here = free & (self.pc == at)
            elsewhere = self.pc[free & ~here]
            self.advance(at, None if here.all() else here, int(elsewhere.min()) if len(elsewhere) else None)
            self.steps += 1
            if self.steps > limit:
                raise PtxError("no end in sight", self.entry.instructions[at].line)

    def advance(self, at, mask, meeting):
        """From instruction `at` to the next branch, barrier or `meeting`, where other threads stand."""
        instructions = self.entry.instructions
        everyone = slice(None) if mask is None else mask
        while at != meeting or meeting is None:
            instruction = instructions[at]
            try:
                name = instruction.opcode.split(".")[0]
                if name in ("bra", "ret", "exit"):
                    return self.branch(instruction, at, mask)
                if name in ("bar", "barrier"):
                    self.waiting[everyone] = True
                    break
                if name in TOGETHER and not self.are_whole(mask, TOGETHER[name]):
                    self.waiting[everyone] = True
                    self.pc[everyone] = at
                    self.join(at, TOGETHER[name])
                    break
                taken = mask
                if instruction.predicate:
                    taken = self.predicate(instruction) & (True if mask is None else mask)
                    if not taken.any():
                        at += 1
                        continue
                self.execute(instruction, taken)
            except PtxError as error:
                raise error if error.line else PtxError(str(error), instruction.line)
            at += 1
        self.pc[everyone] = at

    def predicate(self, instruction):
        value = self.read(instruction.predicate, 8)
        return ~value if instruction.negated else value

    def branch(self, instruction, at, mask):
        active = np.ones(self.count, bool) if mask is None else mask
        taken = active & self.predicate(instruction) if instruction.predicate else active
        self.pc[active] = at + 1
        if instruction.opcode.startswith("bra"):
            self.pc[taken] = self.entry.labels[instruction.operands[0]]
        else:
            self.running &= ~taken

    @staticmethod
    def are_whole(mask, size):
        """Whether all or none of each `size` threads, a warp or a warpgroup, are there."""
        if mask is None:
            return True
        inside = mask.reshape(-1, size)
        return bool(np.all(inside.all(axis=1) | ~inside.any(axis=1)))

    def join(self, at, size):
        """Threads that wait at `at` for the rest of their `size` threads go on once all of these are there."""
        here = (self.waiting & (self.pc == at)).reshape(-1, size)
        self.waiting.reshape(-1, size)[here.all(axis=1)] = False

    def release_barrier(self):
        at = np.unique(self.pc[self.running])
        instruction = self.entry.instructions[int(at[0])]
        if len(at) > 1 or not instruction.opcode.startswith("bar"):
            lines = [self.entry.instructions[int(one)].line for one in at]
            raise PtxError(f"threads wait for each other in lines {lines}", lines[0])
        self.memory.epoch += 1
        self.waiting[:] = False
        self.pc[self.running] = at[0] + 1


def registers_read(entry):
    """All registers that an instruction reads."""
    found = set()
    for instruction in entry.instructions:
        found.add(instruction.predicate)
        sources = instruction.operands if instruction.parts[0] in ("st", "bra", "bar", "cp") else instruction.operands[1:]
        for operand in sources:
            found.update(operand if isinstance(operand, (list, tuple)) else [operand])
    return found


def bits_of(number):
    """Of an integer, or of a real as f32."""
    return int(np.float32(number).view(np.uint32)) if isinstance(number, float) else number % 2**64


def run_block(entry, buffers, shared_bytes, scratch_bytes=0, block=0, blocks=1, writable=None, parameters=None):
    """Runs block `block` of `blocks` on `buffers`, arrays of bytes that are changed in place; returns the Block.

    `writable`: whether the kernel may write each buffer. The trailing parameters are scratch and the profiler's. `parameters` of a kernel from
    elsewhere, as --emit-triton writes them, say what its others are; else they are the buffers.
    """
    regions = [Region(f"buffer {i}", data, writable=writable is None or writable[i]) for i, data in enumerate(buffers)]
    scratch = None
    if scratch_bytes:
        scratch = Region("scratch", np.zeros(scratch_bytes * blocks, np.uint8), initialised=False)
    if parameters is not None:
        regions = [regions[each["argument"]] if "argument" in each else bits_of(each["value"]) for each in parameters]
    missing = len(entry.parameters) - len(regions)
    memory = Memory(regions + [scratch] + [None] * (missing - 1), shared_bytes)
    run = Block(entry, memory, block, blocks)
    run.run()
    return run
