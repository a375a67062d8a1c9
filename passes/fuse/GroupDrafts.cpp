// Which op belongs to which group, decided before any group is built.
#include "passes/fuse/GroupDrafts.h"

#include "dialects/rondo/BackwardOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/StringMap.h"

#include <numeric>
#include <set>

using namespace mlir;
using namespace rondo;

static RowsColumns viewOf(Value value) { return sequenceView(cast<RankedTensorType>(value.getType())); }

// Goes with its only user instead of being assigned by itself. A reshape that is an output is a value of its
// own.
static bool followsUser(Operation *op) {
  return isa<ReadStateOp>(op) || (isa<ReshapeOp>(op) && !isa<func::ReturnOp>(*op->user_begin()));
}

// The value behind the reshapes that go with its user.
static Value throughReshapes(Value value) {
  for (auto reshape = value.getDefiningOp<ReshapeOp>(); reshape && followsUser(reshape);
       reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getX();
  return value;
}

// A parameter or optimiser state as a value: no kernel makes it, those that use it are bound to it.
static bool isValueOfSymbol(Operation *op) {
  auto memory = dyn_cast<MemoryOpInterface>(op);
  return memory && memory.isValueOfSymbol();
}

GroupDraft &GroupDrafts::open(Operation *op) {
  auto draft = std::make_unique<GroupDraft>();
  draft->number = drafts.size();
  draft->root = dyn_cast<TileRootOpInterface>(op);
  draft->isBackward = isBackward(op);
  if (op->getNumResults() > 0) // else it works on memory in place, and nothing can be fused to it
    draft->view = viewOf(op->getResult(0));
  return *drafts.emplace_back(std::move(draft));
}

void GroupDrafts::add(GroupDraft &draft, Operation *op, unsigned position) {
  for (Value operand : op->getOperands()) {
    Operation *producer = operand.getDefiningOp();
    if (producer && followsUser(producer))
      add(draft, producer, position);
    else if (GroupDraft *other = draftOf(producer); other && other != &draft)
      draft.producers.insert(other);
  }
  if (auto pointwise = dyn_cast<PointwiseTileOpInterface>(op))
    draft.granularity = std::lcm(draft.granularity, pointwise.getGranularity());
  if (draft.ops.empty())
    draft.first = position;
  draft.last = position;
  draft.ops.push_back(op);
  assigned[op] = &draft;
}

// ---- legality
// --------------------------------------------------------------------------------------------------

bool GroupDrafts::canJoin(GroupDraft &draft, PointwiseTileOpInterface op) {
  if (viewOf(op->getResult(0)) != draft.view || isBackward(op) != draft.isBackward)
    return false;
  for (Value operand : op->getOperands()) {
    Value source = throughReshapes(operand);
    Operation *producer = source.getDefiningOp();
    if (draftOf(producer) != &draft)
      continue;
    bool isRowValue = isa<PointwiseTileOpInterface>(producer) || source == producer->getResult(0);
    if (!isRowValue || viewOf(source) != draft.view)
      return false;
  }
  int64_t granularity = std::lcm(draft.granularity, op.getGranularity());
  bool fits = draft.root ? draft.root.getRegionColumns(sizes, granularity) > 0
                         : draft.view.columns % granularity == 0;
  return fits && !needs(op, draft);
}

// True if `op` reads a group that, over any number of others, reads `draft`: then it cannot be part of
// `draft`.
bool GroupDrafts::needs(Operation *op, GroupDraft &draft) {
  llvm::BitVector seen(drafts.size());
  SmallVector<GroupDraft *> open;
  auto visit = [&](GroupDraft *other) {
    if (!seen.test(other->number)) {
      seen.set(other->number);
      open.push_back(other);
    }
  };
  for (Value operand : op->getOperands())
    if (GroupDraft *other = draftOf(throughReshapes(operand).getDefiningOp()); other && other != &draft)
      visit(other);
  while (!open.empty())
    for (GroupDraft *producer : open.pop_back_val()->producers) {
      if (producer == &draft)
        return true;
      visit(producer);
    }
  return false;
}

// ---- assignment
// ------------------------------------------------------------------------------------------------

LogicalResult GroupDrafts::assignWrite(WriteStateOp write, unsigned position) {
  Operation *producer = write.getValue().getDefiningOp();
  GroupDraft *draft = draftOf(producer);
  if (!draft || draft->root.getOperation() != producer)
    return write.emitOpError("expected a value that the root of a kernel computes");
  add(*draft, write, position);
  return success();
}

void GroupDrafts::assignPointwise(PointwiseTileOpInterface op, unsigned position) {
  // Latest first: what the other operands need is then likely to be there already.
  std::set<std::pair<unsigned, GroupDraft *>, std::greater<>> candidates;
  for (Value operand : op->getOperands())
    if (GroupDraft *draft = draftOf(throughReshapes(operand).getDefiningOp()))
      candidates.insert({draft->last, draft});
  for (auto [last, draft] : candidates)
    if (canJoin(*draft, op))
      return add(*draft, op, position);
  add(open(op), op, position);
}

LogicalResult GroupDrafts::assignOp(Operation *op, unsigned position) {
  if (isValueOfSymbol(op) || isa<func::ReturnOp>(op) || followsUser(op))
    return success();
  if (isa<TileRootOpInterface>(op))
    return add(open(op), op, position), success();
  if (auto write = dyn_cast<WriteStateOp>(op))
    return assignWrite(write, position);
  if (auto pointwise = dyn_cast<PointwiseTileOpInterface>(op))
    return assignPointwise(pointwise, position), success();
  return op->emitOpError("cannot become part of a kernel: it is neither a root nor pointwise");
}

LogicalResult GroupDrafts::assign(Block &block) {
  for (auto [position, op] : llvm::enumerate(block))
    if (failed(assignOp(&op, position)))
      return failure();
  for (auto read : block.getOps<ReadStateOp>()) {
    GroupDraft *draft = draftOf(read);
    if (!draft || draft->root.getOperation() != *read->user_begin())
      return read.emitOpError("expected the root of a kernel to read the state");
  }
  return success();
}

// ---- order
// -----------------------------------------------------------------------------------------------------

// Calls `visit` with every symbol that the draft's ops read, themselves or as the value of an operand.
static void forEachReadSymbol(GroupDraft &draft, llvm::function_ref<void(StringRef)> visit) {
  auto visitReads = [&](Operation *op) {
    if (auto memory = dyn_cast_or_null<MemoryOpInterface>(op))
      llvm::for_each(memory.getReadSymbols(), visit);
  };
  for (Operation *op : draft.ops) {
    visitReads(op);
    for (Value operand : op->getOperands())
      if (Operation *producer = operand.getDefiningOp(); producer && isValueOfSymbol(producer))
        visitReads(producer);
  }
}

// For each draft, the drafts that must come before it: its producers, the readers of a symbol that it writes,
// and those who write the symbol before it in the program.
static llvm::DenseMap<GroupDraft *, llvm::SmallSetVector<GroupDraft *, 4>>
predecessors(ArrayRef<std::unique_ptr<GroupDraft>> drafts) {
  llvm::StringMap<llvm::SmallSetVector<GroupDraft *, 1>> writers;
  for (auto &draft : drafts)
    for (Operation *op : draft->ops)
      if (auto memory = dyn_cast<MemoryOpInterface>(op))
        for (StringRef symbol : memory.getWrittenSymbols())
          writers[symbol].insert(draft.get());
  llvm::DenseMap<GroupDraft *, llvm::SmallSetVector<GroupDraft *, 4>> before;
  for (auto &draft : drafts) {
    before[draft.get()].insert_range(draft->producers);
    forEachReadSymbol(*draft, [&](StringRef symbol) {
      auto found = writers.find(symbol);
      if (found == writers.end() || found->second.contains(draft.get()))
        return;
      for (GroupDraft *writer : found->second)
        before[writer].insert(draft.get());
    });
  }
  for (auto &[symbol, list] : writers)
    for (auto [earlier, later] : llvm::zip(list.getArrayRef().drop_back(), list.getArrayRef().drop_front()))
      before[later].insert(earlier);
  return before;
}

FailureOr<SmallVector<GroupDraft *>> GroupDrafts::order() {
  llvm::DenseMap<GroupDraft *, SmallVector<GroupDraft *>> followers;
  llvm::DenseMap<GroupDraft *, unsigned> missing;
  for (auto &[draft, before] : predecessors(drafts)) {
    missing[draft] = before.size();
    for (GroupDraft *other : before)
      followers[other].push_back(draft);
  }
  std::set<std::pair<unsigned, GroupDraft *>> ready; // by position of the first op, which no two drafts share
  auto offer = [&](GroupDraft *draft) {
    if (missing[draft] == 0)
      ready.insert({draft->first, draft});
  };
  for (auto &draft : drafts)
    offer(draft.get());
  SmallVector<GroupDraft *> ordered;
  while (!ready.empty()) {
    GroupDraft *next = ready.extract(ready.begin()).value().second;
    ordered.push_back(next);
    for (GroupDraft *follower : followers[next]) {
      --missing[follower];
      offer(follower);
    }
  }
  if (ordered.size() != drafts.size())
    return failure();
  return ordered;
}
