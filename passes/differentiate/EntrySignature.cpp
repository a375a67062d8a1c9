// An entry point's inputs and outputs while a pass changes them.
#include "passes/differentiate/EntrySignature.h"

using namespace mlir;
using namespace rondo;

EntrySignature::EntrySignature(func::FuncOp entry)
    : entry(entry), end(cast<func::ReturnOp>(entry.getBody().front().getTerminator())) {
  for (auto [index, value] : llvm::enumerate(end.getOperands())) {
    auto name = entry.getResultAttrOfType<StringAttr>(index, "rondo.output");
    list.push_back({name ? name.str() : "", value});
  }
}

Value EntrySignature::output(StringRef name) const {
  for (const Output &output : list)
    if (output.name == name)
      return output.value;
  return {};
}

Value EntrySignature::input(StringRef name) const {
  func::FuncOp function = entry;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (auto input = function.getArgAttrOfType<InputAttr>(i, "rondo.input"); input && input.getName() == name)
      return function.getArgument(i);
  return {};
}

Value EntrySignature::addInput(const Twine &name, Type type, Absent absent, std::optional<double> value) {
  Builder builder(entry.getContext());
  auto input = InputAttr::get(builder.getContext(), name.str(), absent, std::nullopt, std::nullopt,
                              value ? builder.getF64FloatAttr(*value) : FloatAttr());
  unsigned index = entry.getNumArguments();
  (void)entry.insertArgument(
      index, type, builder.getDictionaryAttr(builder.getNamedAttr("rondo.input", input)), entry.getLoc());
  return entry.getArgument(index);
}

void EntrySignature::addOutput(const Twine &name, Value value) { list.push_back({name.str(), value}); }

void EntrySignature::dropOutputs(llvm::function_ref<bool(StringRef)> drop) {
  llvm::erase_if(list, [&](const Output &output) { return drop(output.name); });
}

void EntrySignature::finish() {
  Builder builder(entry.getContext());
  auto values = llvm::map_to_vector(list, [](const Output &output) { return output.value; });
  end->setOperands(values);
  SmallVector<Type> types(ValueRange(values).getTypes());
  entry.setType(builder.getFunctionType(entry.getArgumentTypes(), types));
  entry.setAllResultAttrs(llvm::map_to_vector(list, [&](const Output &output) -> Attribute {
    return builder.getDictionaryAttr(
        builder.getNamedAttr("rondo.output", builder.getStringAttr(output.name)));
  }));
}
