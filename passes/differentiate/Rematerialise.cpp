// Computes values of the forward pass again in the backward pass instead of keeping them.
#include "passes/differentiate/Passes.h"

#include "dialects/rondo/BackwardOps.h"
#include "dialects/rondo/ErrorReport.h"
#include "mlir/IR/IRMapping.h"
#include "passes/differentiate/KeptValues.h"

using namespace mlir;
using namespace rondo;

namespace rondo {
#define GEN_PASS_DEF_REMATERIALISE
#include "passes/differentiate/Rematerialise.h.inc"
} // namespace rondo

namespace {

struct Budget {
  bool recomputes = true;
  std::optional<int64_t> bytes; // none: as many as pointwise recomputation leaves
};

std::optional<Budget> parseBudget(StringRef text) {
  if (text == "auto")
    return Budget{};
  if (text == "none")
    return Budget{false, std::nullopt};
  int64_t bytes;
  if (text.getAsInteger(10, bytes) || bytes < 0)
    return std::nullopt;
  return Budget{true, bytes};
}

// The block instance that an op belongs to, null outside of blocks.
StringAttr blockOf(Operation *op) {
  auto name = dyn_cast<NameLoc>(op->getLoc());
  return name ? name.getName() : StringAttr();
}

// True for what a block hands on. It is kept: otherwise the first reader behind all blocks would have every
// block computed again at once.
bool leavesBlock(Operation *op, StringAttr name) {
  return llvm::any_of(op->getUsers(),
                      [&](Operation *user) { return !isBackward(user) && blockOf(user) != name; });
}

class EntryRematerialisation {
public:
  EntryRematerialisation(func::FuncOp entry, Budget budget)
      : entry(entry), block(entry.getBody().front()), budget(budget), values(block) {}

  void run() {
    int64_t all = values.bytes();
    if (budget.recomputes)
      for (Operation *op : values.forwardOps())
        if (isa<PointwiseTileOpInterface>(op))
          (void)values.tryRecompute(op);
    recomputeBlocks();
    copyToReaders();
    record(all);
  }

private:
  // Whole block instances, until the budget is met.
  void recomputeBlocks() {
    llvm::MapVector<StringAttr, SmallVector<Operation *>> instances;
    for (Operation *op : values.forwardOps())
      if (StringAttr name = blockOf(op))
        if (isPure(op) && !isa<CopyStateOp, GetWeightOp>(op) && !leavesBlock(op, name))
          instances[name].push_back(op);
    blocks = instances.size();
    if (!budget.bytes)
      return;
    for (auto &[name, ops] : instances)
      if (values.bytes() > *budget.bytes)
        recomputedBlocks += values.tryRecomputeAll(ops);
    if (values.bytes() > *budget.bytes)
      emitWarning(entry.getLoc(), "entry point '")
          << entry.getName() << "' keeps " << values.bytes()
          << " bytes for its backward pass, more than the budget of " << *budget.bytes;
  }

  // Copies recomputed ops in front of their first readers in the backward pass.
  void copyToReaders() {
    for (Operation &op : llvm::make_early_inc_range(block))
      if (isBackward(&op))
        for (OpOperand &operand : op.getOpOperands())
          operand.set(recomputedValue(operand.get(), &op));
  }

  Value recomputedValue(Value value, Operation *reader) {
    Operation *op = value.getDefiningOp();
    if (!op || !values.isRecomputed(op))
      return value;
    if (Value copy = copies.lookupOrNull(value))
      return copy;
    for (Value operand : op->getOperands())
      (void)recomputedValue(operand, reader);
    OpBuilder builder(reader);
    Operation *copy = builder.clone(*op, copies);
    copy->setAttr(kBackwardAttribute, builder.getUnitAttr());
    copies.map(op->getResults(), copy->getResults());
    return copies.lookup(value);
  }

  void record(int64_t all) {
    Builder builder(entry.getContext());
    std::string choice = budget.recomputes ? "pointwise" : "none";
    if (recomputedBlocks)
      choice += " + " + std::to_string(recomputedBlocks) + " of " + std::to_string(blocks) + " blocks";
    entry->setAttr("rondo.remat",
                   builder.getDictionaryAttr(
                       {builder.getNamedAttr("all_bytes", builder.getI64IntegerAttr(all)),
                        builder.getNamedAttr("choice", builder.getStringAttr(choice)),
                        builder.getNamedAttr("kept_bytes", builder.getI64IntegerAttr(values.bytes()))}));
  }

  func::FuncOp entry;
  Block &block;
  Budget budget;
  KeptValues values;
  IRMapping copies;
  int64_t recomputedBlocks = 0, blocks = 0;
};

struct Rematerialise : rondo::impl::RematerialiseBase<Rematerialise> {
  using RematerialiseBase::RematerialiseBase;

  void runOnOperation() override {
    std::optional<Budget> parsed = parseBudget(budget);
    if (!parsed) {
      (void)reportError(getOperation().getLoc(), ErrorId::Usage,
                        "expected --remat auto, none or a number of bytes, found '" + budget + "'",
                        "as in --remat 268435456");
      return signalPassFailure();
    }
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr("rondo.entry") && !function.getBody().empty() &&
          llvm::any_of(function.getBody().front(), [](Operation &op) { return isBackward(&op); }))
        EntryRematerialisation(function, *parsed).run();
  }
};

} // namespace
