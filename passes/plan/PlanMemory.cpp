// Places the results of groups in one arena per entry point.
#include "passes/plan/Passes.h"

#include "dialects/rondo/OperandBytes.h"
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

namespace rondo {
#define GEN_PASS_DEF_PLANMEMORY
#include "passes/plan/PlanMemory.h.inc"
} // namespace rondo

namespace {

constexpr int64_t alignment = 64; // RONDO_BUFFER_ALIGNMENT

struct Slice {
  int64_t offset, bytes; // bytes rounded up to the alignment
  unsigned last;         // the last group that reads it
};

int64_t slotBytes(Value value) {
  int64_t bytes = storageBytes(cast<RankedTensorType>(value.getType()));
  return llvm::alignTo(std::max<int64_t>(bytes, 1), alignment);
}

// The arena of one entry point while its groups are walked in order.
class Arena {
public:
  int64_t size() const { return end; }
  int64_t sum() const { return total; }

  // Frees what group `now` and later ones do not read.
  void advance(unsigned now) {
    llvm::erase_if(live, [&](const Slice &slice) { return slice.last < now; });
  }

  int64_t place(int64_t bytes, unsigned last) {
    int64_t offset = bestGap(bytes);
    auto after = llvm::find_if(live, [&](const Slice &slice) { return slice.offset > offset; });
    live.insert(after, {offset, bytes, last});
    end = std::max(end, offset + bytes);
    total += bytes;
    return offset;
  }

private:
  // Offset of the smallest gap that holds `bytes`, else the end of the last live slice.
  int64_t bestGap(int64_t bytes) const {
    int64_t cursor = 0, best = -1, bestSize = 0;
    for (const Slice &slice : live) {
      int64_t gap = slice.offset - cursor;
      if (gap >= bytes && (best < 0 || gap < bestSize)) {
        best = cursor;
        bestSize = gap;
      }
      cursor = slice.offset + slice.bytes;
    }
    return best < 0 ? cursor : best;
  }

  SmallVector<Slice> live; // by offset
  int64_t end = 0, total = 0;
};

// The number of the last group that reads `result`, `now` if none does.
unsigned lastReader(Value result, const llvm::DenseMap<Operation *, unsigned> &numbers, unsigned now) {
  unsigned last = now;
  for (Operation *user : result.getUsers())
    last = std::max(last, numbers.lookup(user));
  return last;
}

void planEntry(func::FuncOp entry, bool report) {
  SmallVector<GroupOp> groups(entry.getOps<GroupOp>());
  llvm::DenseMap<Operation *, unsigned> numbers;
  for (auto [number, group] : llvm::enumerate(groups))
    numbers[group] = number;
  Arena arena;
  for (auto [number, group] : llvm::enumerate(groups)) {
    arena.advance(number);
    SmallVector<int64_t> offsets;
    for (Value result : group.getOutputs()) {
      bool isOutput = llvm::any_of(result.getUsers(), llvm::IsaPred<func::ReturnOp>);
      offsets.push_back(isOutput ? -1 : arena.place(slotBytes(result), lastReader(result, numbers, number)));
    }
    group.setSlices(offsets);
  }
  entry->setAttr("rondo.arena_bytes", Builder(entry.getContext()).getI64IntegerAttr(arena.size()));
  if (report)
    emitRemark(entry.getLoc(), "arena of ") << arena.size() << " bytes, " << arena.sum() << " without reuse";
}

struct PlanMemory : rondo::impl::PlanMemoryBase<PlanMemory> {
  using PlanMemoryBase::PlanMemoryBase;

  void runOnOperation() override {
    for (auto entry : getOperation().getOps<func::FuncOp>())
      if (entry->hasAttr("rondo.entry"))
        planEntry(entry, report);
  }
};

} // namespace
