// Gathers the ops of entry points into groups that become kernels.
#include "passes/fuse/Passes.h"

#include "dialects/rondo/DeadOps.h"
#include "mlir/IR/IRMapping.h"
#include "passes/fuse/GroupDrafts.h"

using namespace mlir;
using namespace rondo;

namespace rondo {
#define GEN_PASS_DEF_FORMGROUPS
#include "passes/fuse/FormGroups.h.inc"
} // namespace rondo

// Puts the ops of single kernels in the place of those that take several.
static void splitIntoKernels(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    auto sequence = dyn_cast<KernelSequenceOpInterface>(op);
    if (!sequence)
      continue;
    OpBuilder builder(&op);
    Operation *before = op.getPrevNode();
    SmallVector<Value> values = sequence.buildKernelOps(builder);
    for (Operation *made = op.getPrevNode(); made != before; made = made->getPrevNode())
      made->setDiscardableAttrs(op.getDiscardableAttrDictionary());
    op.replaceAllUsesWith(values);
    op.erase();
  }
}

// Gives every user of a reshape or a state read a copy of its own, right before it, so that the copy can
// follow it.
static void copyToUsers(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (!isa<ReshapeOp, ReadStateOp>(op))
      continue;
    for (OpOperand &use : llvm::make_early_inc_range(op.getUses())) {
      OpBuilder builder(use.getOwner());
      use.set(builder.clone(op)->getResult(0));
    }
    op.erase();
  }
}

// Results of the draft's ops that are used outside of it or that its kernel needs for itself.
static SmallVector<Value> visibleValues(GroupDrafts &drafts, GroupDraft &draft) {
  SmallVector<Value> values;
  for (Operation *op : draft.ops)
    for (Value result : op->getResults())
      if ((op == draft.root.getOperation() && draft.root.storesUnreadResults()) ||
          llvm::any_of(result.getUsers(), [&](Operation *user) { return drafts.draftOf(user) != &draft; }))
        values.push_back(result);
  return values;
}

// Values from outside that the draft's ops read, each once.
static SmallVector<Value> inputValues(GroupDrafts &drafts, GroupDraft &draft) {
  llvm::SmallSetVector<Value, 8> inputs;
  for (Operation *op : draft.ops)
    for (Value operand : op->getOperands())
      if (drafts.draftOf(operand.getDefiningOp()) != &draft)
        inputs.insert(operand);
  return inputs.takeVector();
}

static Location groupLocation(GroupDraft &draft) {
  if (draft.root)
    return draft.root->getLoc();
  auto named = llvm::find_if(draft.ops, [](Operation *op) { return !isa<ReshapeOp>(op); });
  return (named == draft.ops.end() ? draft.ops.front() : *named)->getLoc();
}

// Copies the draft's ops into a group at the builder's place; `values` maps the function's values to what the
// groups built so far yield.
static void buildGroup(OpBuilder &builder, GroupDrafts &drafts, GroupDraft &draft, IRMapping &values) {
  SmallVector<Value> inputs = inputValues(drafts, draft), outputs = visibleValues(drafts, draft);
  auto operands = llvm::map_to_vector(inputs, [&](Value input) { return values.lookupOrDefault(input); });
  auto group = GroupOp::create(builder, groupLocation(draft), TypeRange(ValueRange(outputs)), operands,
                               /*slices=*/nullptr);
  Block &body = group.getBody().emplaceBlock();
  OpBuilder inside = OpBuilder::atBlockBegin(&body);
  IRMapping local;
  for (Value input : inputs)
    local.map(input, body.addArgument(input.getType(), input.getLoc()));
  for (Operation *op : draft.ops)
    inside.clone(*op, local);
  auto yielded = llvm::map_to_vector(outputs, [&](Value output) { return local.lookup(output); });
  YieldOp::create(inside, group.getLoc(), yielded);
  values.map(outputs, group.getResults());
}

// An output is written by a kernel, once: inputs, parameters and repeated outputs are copied by groups
// without ops.
static void copyUnwrittenOutputs(func::ReturnOp end) {
  llvm::SmallPtrSet<Value, 4> written;
  OpBuilder builder(end);
  for (OpOperand &output : end->getOpOperands()) {
    Value value = output.get();
    if (value.getDefiningOp<GroupOp>() && written.insert(value).second)
      continue;
    // A symbol's memory is copied before any group changes it.
    if (Operation *producer = value.getDefiningOp(); isa_and_present<MemoryOpInterface>(producer))
      builder.setInsertionPointAfter(producer);
    else
      builder.setInsertionPoint(end);
    auto copy = GroupOp::create(builder, end.getLoc(), value.getType(), value, /*slices=*/nullptr);
    Block &body = copy.getBody().emplaceBlock();
    Value input = body.addArgument(value.getType(), end.getLoc());
    OpBuilder inside = OpBuilder::atBlockBegin(&body);
    YieldOp::create(inside, end.getLoc(), input);
    output.set(copy.getResult(0));
  }
}

static LogicalResult formGroups(func::FuncOp entry, const target::TileSizes &sizes) {
  Block &block = entry.getBody().front();
  auto end = cast<func::ReturnOp>(block.getTerminator());
  eraseDeadOps(block);
  splitIntoKernels(block);
  copyToUsers(block);

  GroupDrafts drafts(sizes);
  if (failed(drafts.assign(block)))
    return failure();
  FailureOr<SmallVector<GroupDraft *>> ordered = drafts.order();
  if (failed(ordered))
    return entry.emitOpError("reads a state after its new value is computed");

  OpBuilder builder(end);
  IRMapping values;
  for (GroupDraft *draft : *ordered)
    buildGroup(builder, drafts, *draft, values);
  for (OpOperand &output : end->getOpOperands())
    output.set(values.lookupOrDefault(output.get()));
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (drafts.draftOf(&op))
      op.erase();
  copyUnwrittenOutputs(end);
  return success();
}

namespace {

struct FormGroups : rondo::impl::FormGroupsBase<FormGroups> {
  using FormGroupsBase::FormGroupsBase;

  void runOnOperation() override {
    std::optional<target::Target> machine = target::findTarget(target);
    if (!machine) {
      getOperation().emitError("unknown target '") << target << "'";
      return signalPassFailure();
    }
    for (auto entry : getOperation().getOps<func::FuncOp>())
      if (entry->hasAttr("rondo.entry") && failed(formGroups(entry, machine->sizes)))
        return signalPassFailure();
  }
};

} // namespace
