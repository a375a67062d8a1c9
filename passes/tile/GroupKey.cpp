// Structural equality of groups: two groups with equal keys share one kernel.
#include "passes/tile/GroupKey.h"

#include "dialects/rondo/OperandBytes.h"

using namespace mlir;
using namespace rondo;

// Types and attributes are unique in their context, so their addresses stand for them.
template <typename Unique> static uintptr_t identity(Unique value) {
  return reinterpret_cast<uintptr_t>(value.getAsOpaquePointer());
}

// The op's inherent attributes; a symbol counts as its position among the group's symbols, not by its name.
static void appendAttributes(Operation &op, const GroupForm &form, GroupKey &key) {
  Attribute properties = op.getPropertiesAsAttribute();
  if (!isa<MemoryOpInterface>(op)) {
    key.push_back(identity(properties));
    return;
  }
  for (NamedAttribute property : cast<DictionaryAttr>(properties)) {
    key.push_back(identity(property.getName()));
    auto symbol = dyn_cast<FlatSymbolRefAttr>(property.getValue());
    key.push_back(symbol ? llvm::find(form.symbols, symbol.getValue()) - form.symbols.begin()
                         : identity(property.getValue()));
  }
}

GroupKey rondo::groupKey(const GroupForm &form, const KernelContext &context) {
  GroupKey key;
  llvm::DenseMap<Value, uintptr_t> numbers;
  bool isFlat = form.root && form.root.worksOnStorage();
  auto typeKey = [&](Type type) {
    return isFlat ? static_cast<uintptr_t>(storageBytes(cast<RankedTensorType>(type))) : identity(type);
  };
  auto number = [&](Value value) {
    numbers.try_emplace(value, numbers.size());
    key.push_back(typeKey(value.getType()));
  };
  Block &body = form.group->getRegion(0).front();
  key.push_back(body.getNumArguments());
  for (BlockArgument argument : body.getArguments()) {
    number(argument);
    key.push_back(identity(context.layouts[argument.getArgNumber()]));
  }
  key.push_back(form.symbols.size());
  for (RankedTensorType type : context.symbolTypes)
    key.push_back(typeKey(type));
  key.push_back(form.symbols.empty() || isFlat ? 0 : context.slots);
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
