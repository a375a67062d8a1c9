"""wgmma: products of groups of four warps, whose operands lie in shared memory as descriptors say. (PTX ISA, "Asynchronous Warpgroup
Level Matrix Multiply-Accumulate Instructions".)

A product runs from where it is issued to where a wait covers it: until then its sums must not be touched and its operands not be written, and
it sees its operands as late as it may.
"""
import re

import numpy as np

from ptx_text import PtxError

GROUP = 128  # threads
STEPS = 16  # of k in one product
SHAPE = re.compile(r"wgmma\.mma_async\.sync\.aligned\.m64n(\d+)k16\.f32\.bf16\.bf16")
ROW = 128  # bytes of a row of eight swizzled chunks


def widen(halves):
    """bf16, as u16, to f32."""
    return (halves.astype(np.uint32) << np.uint32(16)).view(np.float32)


def addresses_of(descriptor, lines, along_k):
    """Bytes of shared memory where the elements [lines][16] of an operand lie."""
    start, block, group = ((descriptor >> shift & 0x3FFF) << 4 for shift in (0, 16, 32))
    if descriptor >> 62 != 1 or descriptor >> 49 & 7:
        raise PtxError("a descriptor without the swizzle of 128 bytes")
    line, step = np.arange(lines)[:, None], np.arange(STEPS)[None, :]
    if along_k:
        at = start + line // 8 * group + line % 8 * ROW + 2 * step
    else:
        at = start + line // 64 * block + line % 64 * 2 + step // 8 * group + step % 8 * ROW
    return (at ^ (at >> 7 & 7) << 4).astype(np.uint64)


class WarpgroupProducts:
    """Those of one block."""

    def __init__(self, block):
        self.block = block
        self.groups = np.zeros(-(-block.count // GROUP), np.int64)  # committed by each warpgroup
        self.pending = []  # (warpgroup, its group of products, registers, addresses of both operands, line), oldest first
        self.busy = {}  # registers of sums in flight: line

    def execute(self, instruction, mask):
        members = np.ones(self.block.count, bool) if mask is None else mask
        if self.block.count % GROUP or not self.block.are_whole(members, GROUP):
            raise PtxError("a product of less than a warpgroup")
        taking_part = np.nonzero(members.reshape(-1, GROUP).any(axis=1))[0]
        parts = instruction.parts
        if parts[1] == "mma_async":
            for group in taking_part:
                self.issue(instruction, int(group))
        elif parts[1] == "commit_group":
            self.groups[taking_part] += 1
        elif parts[1] == "wait_group":
            self.wait(taking_part, int(instruction.operands[0]))
        elif parts[1] != "fence":
            raise PtxError(f"no such instruction: {instruction.opcode}")

    def issue(self, instruction, group):
        shape = SHAPE.fullmatch(instruction.opcode)
        if not shape or len(instruction.operands) != 8:
            raise PtxError(f"no such instruction: {instruction.opcode}")
        sums, left, right, *switches = instruction.operands
        scale, sign_left, sign_right, lines_left, lines_right = map(int, switches)
        columns = int(shape.group(1))
        if (scale, sign_left, sign_right) != (1, 1, 1) or len(sums) != columns // 2:
            raise PtxError("sums that are not added up as they are")
        threads = slice(GROUP * group, GROUP * (group + 1))
        found = []
        for descriptor, lines, along_k in ((left, 64, not lines_left), (right, columns, not lines_right)):
            values = self.block.read(descriptor, 64)[threads]
            if np.any(values != values[0]):
                raise PtxError("a descriptor that is not the same in all threads")
            found.append(addresses_of(int(values[0]), lines, along_k))
        shared = self.block.memory.shared
        for addresses in found:
            cells = np.unique(addresses.astype(np.int64) // 4)
            shared.begin_use(cells, GROUP * group, self.block.memory.epoch, instruction.line)
        self.pending.append((group, self.groups[group] + 1, sums, found, instruction.line))
        self.busy.update({register: instruction.line for register in sums})

    def wait(self, taking_part, newest):
        left = []
        for product in self.pending:
            group, number, *_ = product
            if group in taking_part and number <= self.groups[group] - newest:
                self.finish(product)
            else:
                left.append(product)
        self.pending = left
        shared = self.block.memory.shared
        shared.used[:] = False
        for *_, found, _ in left:
            for addresses in found:
                shared.used[addresses.astype(np.int64) // 4] = True
        self.busy = {register: line for _, _, sums, _, line in left for register in sums}

    def finish(self, product):
        group, _, sums, (left, right), line = product
        shared = self.block.memory.shared
        a, b = (widen(shared.look(addresses, 2, line)) for addresses in (left, right))
        with np.errstate(all="ignore"):
            result = a.astype(np.float64) @ b.astype(np.float64).T
        thread = np.arange(GROUP)
        mask = np.zeros(self.block.count, bool)
        mask[GROUP * group : GROUP * (group + 1)] = True
        for j, register in enumerate(sums):
            row = 16 * (thread // 32) + thread % 32 // 4 + 8 * (j >> 1 & 1)
            column = 8 * (j >> 2) + 2 * (thread % 4) + (j & 1)
            values = self.block.registers[register].copy()
            with np.errstate(all="ignore"):
                after = (values[mask].view(np.float32) + result[row, column]).astype(np.float32)
            values[mask] = after.view(np.uint32)
            self.block.registers[register] = values
