// What a group looks like to the builder of its kernel: root, granularity, states, and the rules that it must
// keep.
#include "passes/tile/GroupForm.h"

#include "llvm/ADT/SetVector.h"
#include <numeric>

using namespace mlir;
using namespace rondo;

Value rondo::throughReshapes(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getX();
  return value;
}

// Operands of a root come from outside of the group or from a state.
static LogicalResult checkRoot(Operation *root) {
  for (Value operand : root->getOperands()) {
    Operation *producer = throughReshapes(operand).getDefiningOp();
    if (producer && !isa<ReadStateOp>(producer))
      return root->emitOpError("is the root of its group, but an operand is computed in the group by '")
             << producer->getName() << "'";
  }
  return success();
}

// A fused op works on the rows and columns of its group.
static LogicalResult checkPointwise(Operation *op, const GroupForm &form) {
  auto agrees = [&](Value value) {
    return sequenceView(cast<RankedTensorType>(value.getType())) == form.view;
  };
  if (op->getNumResults() != 1 || !agrees(op->getResult(0)))
    return op->emitOpError("expected a result of ")
           << form.view.rows << " rows x " << form.view.columns << " columns like the other ops of its group";
  for (Value operand : op->getOperands()) {
    Operation *producer = operand.getDefiningOp();
    if (!producer)
      continue;
    bool isRowValue = isa<PointwiseTileOpInterface>(producer) ||
                      (producer == form.root.getOperation() && operand == producer->getResult(0));
    if (!isRowValue || !agrees(operand))
      return op->emitOpError("expected operands from outside of the group or rows that the group computes");
  }
  return success();
}

static LogicalResult findMembers(GroupForm &form) {
  llvm::SmallSetVector<StringRef, 4> symbols;
  for (Operation &op : form.group.getBody().front().without_terminator()) {
    if (auto memory = dyn_cast<MemoryOpInterface>(op)) {
      symbols.insert_range(memory.getReadSymbols());
      symbols.insert_range(memory.getWrittenSymbols());
    }
    if (auto root = dyn_cast<TileRootOpInterface>(op)) {
      form.root = root; // the only one: U3
    } else if (auto pointwise = dyn_cast<PointwiseTileOpInterface>(op)) {
      form.granularity = std::lcm(form.granularity, pointwise.getGranularity());
    } else if (!isa<MemoryOpInterface>(op)) {
      return op.emitOpError("cannot become part of a kernel: it is neither a root nor pointwise");
    }
  }
  form.symbols.assign(symbols.begin(), symbols.end());
  return success();
}

FailureOr<GroupForm> GroupForm::analyse(GroupOp group) {
  GroupForm form{group, nullptr, {0, 0}, 1, {}};
  if (failed(findMembers(form)))
    return failure();
  ValueRange rows = form.root ? ValueRange(form.root->getResults()) : ValueRange(form.yield().getValues());
  if (rows.empty() && !form.root)
    return group.emitOpError("expected a group without root to yield a value");
  if (!rows.empty())
    form.view = sequenceView(cast<RankedTensorType>(rows.front().getType()));
  if (form.root && failed(checkRoot(form.root)))
    return failure();
  for (Operation &op : group.getBody().front().without_terminator()) {
    bool isView = isa<ReshapeOp>(op) && isa<BlockArgument>(throughReshapes(op.getResult(0)));
    if (isa<PointwiseTileOpInterface>(op) && !isView && failed(checkPointwise(&op, form)))
      return failure();
  }
  return form;
}

std::string GroupForm::describe() const {
  std::string text;
  for (Operation &op : group.getBody().front().without_terminator()) {
    if (isa<ReshapeOp, ReadStateOp, WriteStateOp>(op))
      continue;
    text += (text.empty() ? "" : " + ") + op.getName().stripDialect().str();
  }
  return text.empty() ? "copy" : text;
}
