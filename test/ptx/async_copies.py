"""cp.async: copies from global to shared memory that arrive when their thread waits for them, and not before."""
import numpy as np

from ptx_text import PtxError


class Copies:
    """Those of one block. Each thread commits its copies in groups of its own."""

    def __init__(self, block):
        self.block = block
        self.groups = np.zeros(block.count, np.int64)  # committed so far by each thread
        self.pending = []  # [threads, their groups, targets, sources, bytes read, bytes written, line], later ones last

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
        size = int(size)
        if size not in ((16,) if "cg" in instruction.parts else (4, 8, 16)):
            raise PtxError(f"a copy of {size} bytes")
        targets = block.addresses(target, "shared")[active]
        sources = block.addresses(source, "global")[active]
        read = block.read(used[0], 32)[active] if used else np.full(len(active), size, np.uint32)
        if np.any(read > size) or np.any(targets % np.uint64(size)) or np.any(sources[read > 0] % np.uint64(size)):
            raise PtxError(f"a copy of {size} bytes from or to an address that is no multiple of that, or of more than that")
        block.memory.shared.begin_copy(targets, size, block.threads[active], block.memory.epoch, instruction.line)
        self.pending.append([active, self.groups[active] + 1, targets, sources, read, size, instruction.line])

    def wait(self, active, newest):
        """All but the `newest` groups that each of the threads has committed."""
        waits = np.zeros(self.block.count, bool)
        waits[active] = True
        left = []
        for threads, groups, targets, sources, read, size, line in self.pending:
            arrives = waits[threads] & (groups <= self.groups[threads] - newest)
            self.finish(threads[arrives], targets[arrives], sources[arrives], read[arrives], size, line)
            rest = ~arrives
            if rest.any():
                left.append([threads[rest], groups[rest], targets[rest], sources[rest], read[rest], size, line])
        self.pending = left

    def finish(self, threads, targets, sources, read, size, line):
        memory, names = self.block.memory, self.block.threads[threads]
        memory.shared.end_copy(targets, size)
        width = 4 if np.all(read % 4 == 0) else 2
        for at in range(0, size, width):
            values = np.zeros(len(threads), f"u{width}")
            some = read > at
            if some.any():
                values[some] = memory.load("global", sources[some] + np.uint64(at), width, names[some], line)
            memory.shared.store(targets + np.uint64(at), width, values, names, memory.epoch, line)
