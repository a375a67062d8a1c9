"""Memory of one block of threads, with what a careful machine would notice: accesses out of bounds or unaligned, reads of
what was never written, and races.

A race is two threads that touch the same bytes, at least one of them writing, without a barrier between them. It is noticed
whatever the order in which threads happen to run. An asynchronous copy writes from where it is begun to where its thread waits for it, and
arrives as late as it may.
"""
import numpy as np

from ptx_text import PtxError

MANY = -2  # more threads than one have read
NOBODY = -1
CELL = 4  # bytes whose accesses are looked at together


class Region:
    """Contiguous bytes. `written` says which ones hold values; None: all of them."""

    def __init__(self, name, data, initialised=True, writable=True):
        self.name = name
        self.data = data  # uint8
        self.written = None if initialised else np.zeros(len(data), bool)
        self.writable = writable
        cells = -(-len(data) // CELL)
        self.writer, self.write_epoch = np.full(cells, NOBODY, np.int32), np.full(cells, -1, np.int32)
        self.reader, self.read_epoch = np.full(cells, NOBODY, np.int32), np.full(cells, -1, np.int32)
        self.write_line = np.zeros(cells, np.int32)
        self.read_line = np.zeros(cells, np.int32)
        self.pending = np.zeros(cells, bool)  # a copy to there is on its way
        self.used = np.zeros(cells, bool)  # by a product on its way
        self.unshown = np.zeros(cells, bool)  # written, and the writer has not shown it to the units that work asynchronously
        self.views = {width: data[: len(data) // width * width].view(f"u{width}") for width in (1, 2, 4, 8)}

    def check(self, offsets, width, line):
        offsets = offsets.astype(np.int64)
        if len(offsets) and (offsets.min() < 0 or offsets.max() + width > len(self.data)):
            worst = offsets[(offsets < 0) | (offsets + width > len(self.data))][0]
            raise PtxError(f"{width} bytes at {worst} of {self.name}, which has {len(self.data)}", line)
        if np.any(offsets % width):
            raise PtxError(f"{width} bytes at {offsets[offsets % width != 0][0]} of {self.name}: not aligned", line)
        return offsets

    def refuse_pending(self, offsets, width, line, what):
        for cells in self.cells(offsets, width):
            if self.pending[cells].any():
                raise PtxError(f"race: {self.name} at {cells[self.pending[cells]][0] * CELL} is {what} while a copy to it is on its way", line)

    def refuse_used(self, cells, line):
        if self.used[cells].any():
            raise PtxError(f"race: {self.name} at {cells[self.used[cells]][0] * CELL} is written while a product reads it", line)

    def begin_use(self, cells, thread, epoch, line):
        """A product of the warpgroup whose first thread is `thread` reads the cells until `used` is cleared."""
        if cells[-1] >= len(self.used):
            raise PtxError(f"a product reads at {cells[-1] * CELL} of {self.name}, which has {len(self.data)}", line)
        if self.unshown[cells].any():
            raise PtxError(f"{self.name} at {cells[self.unshown[cells]][0] * CELL} is read by a product without a fence.proxy.async of who wrote it", line)
        self.refuse_pending(cells * CELL, CELL, line, "read")
        self.note_read(cells, np.full(len(cells), thread, np.int32), epoch, line)
        self.used[cells] = True

    def look(self, addresses, width, line):
        """Values, whoever reads them: accesses were noted before."""
        offsets = self.check(addresses.ravel(), width, line)
        if self.written is not None and not self.written[offsets].all():
            raise PtxError(f"{self.name} is read at {offsets[~self.written[offsets]][0]} where nothing was written", line)
        return self.views[width][offsets // width].reshape(addresses.shape)

    def show(self, threads):
        """What the threads have written is there for units that work asynchronously."""
        self.unshown &= ~np.isin(self.writer, threads)

    def begin_copy(self, offsets, width, threads, epoch, line):
        """From here on the bytes may change at any time, until `store` says what they are."""
        offsets = self.check(offsets, width, line)
        self.refuse_pending(offsets, width, line, "written")
        for cells in self.cells(offsets, width):
            self.note_write(cells, threads, epoch, line, width)
            self.pending[cells] = True

    def end_copy(self, offsets, width):
        for cells in self.cells(offsets.astype(np.int64), width):
            self.pending[cells] = False

    def load(self, offsets, width, threads, epoch, line):
        offsets = self.check(offsets, width, line)
        self.refuse_pending(offsets, width, line, "read")
        if self.written is not None:
            holes = ~self.written[offsets] | ~self.written[offsets + width - 1]
            if holes.any():
                raise PtxError(f"{self.name} is read at {offsets[holes][0]} where nothing was written", line)
        if self.writable:
            for cells in self.cells(offsets, width):
                self.note_read(cells, threads, epoch, line)
        return self.views[width][offsets // width]

    def store(self, offsets, width, values, threads, epoch, line):
        offsets = self.check(offsets, width, line)
        if not self.writable:
            raise PtxError(f"{self.name} is written, which is only to be read", line)
        self.refuse_pending(offsets, width, line, "written")
        if len(np.unique(offsets)) != len(offsets):
            raise PtxError(f"threads write the same bytes of {self.name} at once", line)
        for cells in self.cells(offsets, width):
            self.note_write(cells, threads, epoch, line, width)
        if self.written is not None:
            for byte in range(width):
                self.written[offsets + byte] = True
        self.views[width][offsets // width] = values

    @staticmethod
    def cells(offsets, width):
        return [(offsets + at) // CELL for at in range(0, max(width, CELL), CELL)]

    def note_read(self, cells, threads, epoch, line):
        self.conflict(cells, (self.write_epoch[cells] == epoch) & (self.writer[cells] != threads), self.write_line, threads, line, "read")
        same = self.read_epoch[cells] == epoch
        self.reader[cells] = np.where(same & (self.reader[cells] != threads), MANY, threads)
        order = np.argsort(cells, kind="stable")
        neighbours = cells[order]
        twice = neighbours[1:] == neighbours[:-1]
        self.reader[neighbours[1:][twice]] = MANY
        self.read_epoch[cells] = epoch
        self.read_line[cells] = line

    def note_write(self, cells, threads, epoch, line, width):
        self.refuse_used(cells, line)
        if width < CELL:  # bytes side by side belong to different threads
            return
        self.conflict(cells, (self.write_epoch[cells] == epoch) & (self.writer[cells] != threads), self.write_line, threads, line, "written")
        self.conflict(cells, (self.read_epoch[cells] == epoch) & (self.reader[cells] != threads), self.read_line, threads, line, "written")
        self.writer[cells] = threads
        self.unshown[cells] = True
        self.write_epoch[cells] = epoch
        self.write_line[cells] = line

    def conflict(self, cells, found, lines, threads, line, what):
        if found.any():
            cell, thread = cells[found][0], threads[found][0]
            raise PtxError(f"race: {self.name} at {cell * CELL} is {what} by thread {thread} and was touched by another in line {lines[cell]} "
                           "with no barrier between", line)


class Memory:
    """Buffers of the kernel, numbered from 1 in the upper half of an address, and the block's shared memory."""

    SHARED = 1 << 56  # as a generic address

    def __init__(self, buffers, shared_bytes):
        """`buffers`: in the order of the kernel's parameters a Region, None for a null address, or the bits of a number."""
        self.buffers = buffers
        self.shared = Region("shared memory", np.zeros(shared_bytes, np.uint8), initialised=False)
        self.epoch = 0  # barriers so far

    def parameter(self, index):
        what = self.buffers[index]
        return (index + 1) << 40 if isinstance(what, Region) else what or 0

    def pieces(self, space, addresses, line):
        """(region, positions among the addresses, offsets)"""
        if space == "shared":
            return [(self.shared, slice(None), addresses)]
        numbers = addresses >> np.uint64(40)
        first = int(numbers[0])
        if np.all(numbers == numbers[0]):
            return [(self.buffer(first, line), slice(None), addresses & np.uint64((1 << 40) - 1))]
        found = []
        for number in np.unique(numbers):
            mine = np.nonzero(numbers == number)[0]
            found.append((self.buffer(int(number), line), mine, addresses[mine] & np.uint64((1 << 40) - 1)))
        return found

    def buffer(self, number, line):
        if number == self.SHARED >> 40:
            return self.shared
        if not 1 <= number <= len(self.buffers) or not isinstance(self.buffers[number - 1], Region):
            raise PtxError("an address that belongs to no buffer", line)
        return self.buffers[number - 1]

    def load(self, space, addresses, width, threads, line):
        values = np.zeros(len(addresses), f"u{width}")
        for region, mine, offsets in self.pieces(space, addresses, line):
            values[mine] = region.load(offsets, width, threads[mine], self.epoch, line)
        return values

    def store(self, space, addresses, width, values, threads, line):
        for region, mine, offsets in self.pieces(space, addresses, line):
            region.store(offsets, width, values[mine], threads[mine], self.epoch, line)
