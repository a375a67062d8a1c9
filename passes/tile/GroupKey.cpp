// Structural equality of groups: two groups with equal keys share one kernel.
#include "passes/tile/GroupKey.h"

using namespace mlir;
using namespace rondo;

// Types and attributes are unique in their context, so their addresses stand for them.
template <typename Unique> static uintptr_t identity(Unique value) {
  return reinterpret_cast<uintptr_t>(value.getAsOpaquePointer());
}

// The op's inherent attributes; a state counts as its position among the group's states, not by its name.
static void appendAttributes(Operation &op, const GroupForm &form, GroupKey &key) {
  StringRef state;
  if (auto read = dyn_cast<ReadStateOp>(op))
    state = read.getState();
  if (auto write = dyn_cast<WriteStateOp>(op))
    state = write.getState();
  if (!state.empty()) {
    key.push_back(llvm::find(form.states, state) - form.states.begin());
    return;
  }
  key.push_back(identity(op.getPropertiesAsAttribute()));
}

GroupKey rondo::groupKey(const GroupForm &form, const KernelContext &context) {
  GroupKey key;
  llvm::DenseMap<Value, uintptr_t> numbers;
  auto number = [&](Value value) {
    numbers.try_emplace(value, numbers.size());
    key.push_back(identity(value.getType()));
  };
  Block &body = form.group->getRegion(0).front();
  key.push_back(body.getNumArguments());
  for (BlockArgument argument : body.getArguments()) {
    number(argument);
    key.push_back(identity(context.layouts[argument.getArgNumber()]));
  }
  key.push_back(form.states.size());
  for (RankedTensorType slot : context.slotTypes)
    key.push_back(identity(slot));
  key.push_back(form.states.empty() ? 0 : context.slots);
  for (Operation &op : body) {
    key.push_back(identity(op.getName()));
    appendAttributes(op, form, key);
    key.push_back(op.getNumOperands());
    for (Value operand : op.getOperands())
      key.push_back(numbers.lookup(operand));
    key.push_back(op.getNumResults());
    for (Value result : op.getResults())
      number(result);
  }
  return key;
}
