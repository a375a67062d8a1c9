// Places the results of groups in one arena per entry point.
#include "passes/plan/Passes.h"

#include "dialects/rondo/OperandBytes.h"
#include "dialects/rondo/Rondo.h"
#include "passes/plan/ArenaPlan.h"

using namespace mlir;
using namespace rondo;

namespace rondo {
#define GEN_PASS_DEF_PLANMEMORY
#include "passes/plan/PlanMemory.h.inc"
} // namespace rondo

namespace {

constexpr int64_t alignment = 64; // RONDO_BUFFER_ALIGNMENT

int64_t slotBytes(Value value) {
  int64_t bytes = storageBytes(cast<RankedTensorType>(value.getType()));
  return llvm::alignTo(std::max<int64_t>(bytes, 1), alignment);
}

// The number of the last group that reads `result`, `now` if none does.
unsigned lastReader(Value result, const llvm::DenseMap<Operation *, unsigned> &numbers, unsigned now) {
  unsigned last = now;
  for (Operation *user : result.getUsers())
    last = std::max(last, numbers.lookup(user));
  return last;
}

bool isOutput(Value result) { return llvm::any_of(result.getUsers(), llvm::IsaPred<func::ReturnOp>); }

void planEntry(func::FuncOp entry, bool report) {
  SmallVector<GroupOp> groups(entry.getOps<GroupOp>());
  llvm::DenseMap<Operation *, unsigned> numbers;
  for (auto [number, group] : llvm::enumerate(groups))
    numbers[group] = number;
  std::vector<BufferLife> lives;
  int64_t sum = 0;
  for (auto [number, group] : llvm::enumerate(groups))
    for (Value result : group.getOutputs())
      if (!isOutput(result)) {
        unsigned first = number;
        lives.push_back({slotBytes(result), first, lastReader(result, numbers, first)});
        sum += lives.back().bytes;
      }
  ArenaPlan plan = planArena(lives);
  size_t next = 0;
  for (GroupOp group : groups)
    group.setSlices(llvm::map_to_vector(
        group.getOutputs(), [&](Value result) { return isOutput(result) ? -1 : plan.offsets[next++]; }));
  entry->setAttr("rondo.arena_bytes", Builder(entry.getContext()).getI64IntegerAttr(plan.size));
  if (report)
    emitRemark(entry.getLoc(), "arena of ")
        << plan.size << " bytes, " << plan.leastSize << " in use at once, " << sum << " without reuse";
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
