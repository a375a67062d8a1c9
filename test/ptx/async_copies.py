"""cp.async: copies from global to shared memory that arrive when their thread waits for them, and not before."""
import numpy as np

from ptx_text import PtxError


class Copies:
    """Those of one block. Each thread commits its copies in groups of its own."""

    def __init__(self, block):
        self.block = block
        self.groups = np.zeros(block.count, np.int64)  # committed so far by each thread
        self.pending = []  # [threads, their groups, targets, sources, bytes read, line], later ones last

    def execute(self, instruction, mask):
        parts = instruction.parts
        active = np.arange(self.block.count) if mask is None else np.nonzero(mask)[0]
        if "commit_group" in parts:
            self.groups[active] += 1
        elif "wait_group" in parts:
            self.wait(active, int(instruction.operands[0]))
        elif "shared" in parts and "global" in parts:
            self.begin(instruction, active)
        else:
            raise PtxError(f"no such instruction: {instruction.opcode}")

    def begin(self, instruction, active):
        block, (target, source, size, *used) = self.block, instruction.operands
        if int(size) != 4:
            raise PtxError(f"a copy of {size} bytes")
        targets = block.addresses(target, "shared")[active]
        sources = block.addresses(source, "global")[active]
        read = block.read(used[0], 32)[active] if used else np.full(len(active), 4, np.uint32)
        if np.any((read != 0) & (read != 4)):
            raise PtxError("a copy of a part of its bytes")
        block.memory.shared.begin_copy(targets, 4, block.threads[active], block.memory.epoch, instruction.line)
        self.pending.append([active, self.groups[active] + 1, targets, sources, read, instruction.line])

    def wait(self, active, newest):
        """All but the `newest` groups that each of the threads has committed."""
        waits = np.zeros(self.block.count, bool)
        waits[active] = True
        left = []
        for threads, groups, targets, sources, read, line in self.pending:
            arrives = waits[threads] & (groups <= self.groups[threads] - newest)
            self.finish(threads[arrives], targets[arrives], sources[arrives], read[arrives], line)
            rest = ~arrives
            if rest.any():
                left.append([threads[rest], groups[rest], targets[rest], sources[rest], read[rest], line])
        self.pending = left

    def finish(self, threads, targets, sources, read, line):
        memory, names = self.block.memory, self.block.threads[threads]
        values = np.zeros(len(threads), np.uint32)
        some = read != 0
        if some.any():
            values[some] = memory.load("global", sources[some], 4, names[some], line)
        memory.shared.end_copy(targets, 4)
        memory.shared.store(targets, 4, values, names, memory.epoch, line)
