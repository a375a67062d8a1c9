// From an entry point's list of commands to what the package says about it.
#include "passes/pipeline/EntryContents.h"

#include "dialects/rondo/OperandBytes.h"
#include "passes/pipeline/ElementTypes.h"
#include "passes/pipeline/SpecLocation.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace rondo;
using codegen::PackageSpec;

namespace {

class EntryReader {
public:
  EntryReader(func::FuncOp entry, const PackageIndex &index) : function(entry), index(index) {}
  FailureOr<PackageSpec::Entry> read();

private:
  LogicalResult readSignature();
  FailureOr<PackageSpec::IoTensor> readTensor(StringRef name, Type type);
  LogicalResult readCommand(DispatchOp command);
  void placeResults(DispatchOp command);
  FailureOr<PackageSpec::Binding> bindValue(DispatchOp command, Value value);
  FailureOr<PackageSpec::Binding> bindSymbol(DispatchOp command, StringRef symbol);

  func::FuncOp function;
  const PackageIndex &index;
  PackageSpec::Entry entry;
  llvm::DenseMap<Value, PackageSpec::Binding> places; // of command results
  llvm::DenseMap<Operation *, uint32_t> numbers;      // of commands
  llvm::SmallSetVector<uint32_t, 16> states;
};

FailureOr<PackageSpec::IoTensor> EntryReader::readTensor(StringRef name, Type type) {
  auto tensor = cast<RankedTensorType>(type);
  std::optional<PackageSpec::DType> dtype = packageType(tensor.getElementType());
  if (!dtype)
    return function.emitOpError("has the tensor '")
           << name << "' of a type that packages do not hold: " << type;
  PackageSpec::IoTensor description;
  description.name = name.str();
  description.dtype = *dtype;
  description.shape = packageShape(tensor);
  return description;
}

LogicalResult EntryReader::readSignature() {
  for (auto [number, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto input = function.getArgAttrOfType<InputAttr>(number, "rondo.input");
    if (!input)
      return function.emitOpError("expected 'rondo.input' on argument ") << number;
    FailureOr<PackageSpec::IoTensor> tensor = readTensor(input.getName(), type);
    if (failed(tensor))
      return failure();
    tensor->absent = static_cast<PackageSpec::Absent>(input.getAbsent());
    tensor->hasRange = input.getMinimum().has_value();
    tensor->minimum = input.getMinimum().value_or(0);
    tensor->maximum = input.getMaximum().value_or(0);
    if (FloatAttr value = input.getValue())
      tensor->defaultValue = value.getValueAsDouble();
    entry.inputs.push_back(std::move(*tensor));
  }
  for (auto [number, type] : llvm::enumerate(function.getResultTypes())) {
    auto name = function.getResultAttrOfType<StringAttr>(number, "rondo.output");
    if (!name)
      return function.emitOpError("expected 'rondo.output' on result ") << number;
    FailureOr<PackageSpec::IoTensor> tensor = readTensor(name, type);
    if (failed(tensor))
      return failure();
    entry.outputs.push_back(std::move(*tensor));
  }
  return success();
}

// Outputs are what the function returns; the other results are slices that live until their last reader.
void EntryReader::placeResults(DispatchOp command) {
  for (auto [result, offset] : llvm::zip_equal(command.getOutputs(), command.getSlices())) {
    uint32_t last = numbers.lookup(command);
    PackageSpec::Binding place{PackageSpec::Space::Arena, static_cast<uint32_t>(entry.slices.size())};
    for (OpOperand &use : result.getUses()) {
      if (isa<func::ReturnOp>(use.getOwner()))
        place = {PackageSpec::Space::Output, use.getOperandNumber()};
      last = std::max(last, numbers.lookup(use.getOwner()));
    }
    places[result] = place;
    if (place.space == PackageSpec::Space::Output)
      continue;
    uint64_t bytes = storageBytes(cast<RankedTensorType>(result.getType()));
    entry.slices.push_back({static_cast<uint64_t>(offset), bytes, numbers.lookup(command), last});
  }
}

FailureOr<PackageSpec::Binding> EntryReader::bindValue(DispatchOp command, Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return PackageSpec::Binding{PackageSpec::Space::Input, argument.getArgNumber()};
  if (auto parameter = value.getDefiningOp<GetWeightOp>()) {
    auto found = index.parameters.find(parameter.getWeight());
    if (found != index.parameters.end())
      return PackageSpec::Binding{PackageSpec::Space::Parameter, found->second};
  }
  if (auto read = value.getDefiningOp<ReadOptimizerStateOp>()) {
    auto found = index.optimizerStates.find(read.getState());
    if (found != index.optimizerStates.end())
      return PackageSpec::Binding{PackageSpec::Space::Optimizer, found->second};
  }
  auto place = places.find(value);
  if (place != places.end())
    return place->second;
  return command.emitOpError("expected inputs, parameters and results of earlier commands as operands");
}

FailureOr<PackageSpec::Binding> EntryReader::bindSymbol(DispatchOp command, StringRef symbol) {
  if (auto state = index.states.find(symbol); state != index.states.end()) {
    states.insert(state->second);
    return PackageSpec::Binding{PackageSpec::Space::State, state->second};
  }
  if (auto state = index.optimizerStates.find(symbol); state != index.optimizerStates.end())
    return PackageSpec::Binding{PackageSpec::Space::Optimizer, state->second};
  if (auto parameter = index.parameters.find(symbol); parameter != index.parameters.end())
    return PackageSpec::Binding{PackageSpec::Space::Parameter, parameter->second};
  if (auto table = index.constants.find(symbol); table != index.constants.end())
    return PackageSpec::Binding{PackageSpec::Space::Constant, table->second};
  return command.emitOpError("binds '")
         << symbol << "', which is neither a state, nor a parameter, nor a table";
}

LogicalResult EntryReader::readCommand(DispatchOp command) {
  auto kernel = index.kernels.find(command.getKernel());
  if (kernel == index.kernels.end())
    return command.emitOpError("runs '") << command.getKernel() << "', which is no kernel";
  placeResults(command);
  PackageSpec::Command description;
  description.kernel = kernel->second;
  description.workgroups = index.workgroups.lookup(command.getKernel());
  description.location = specLocation(command.getLoc());
  description.flops = command.getFlops();
  description.bytes = command.getBytes();
  int64_t operands = command.getInputs().size();
  for (Attribute bound : command.getBindings()) {
    FailureOr<PackageSpec::Binding> binding = failure();
    if (auto symbol = dyn_cast<FlatSymbolRefAttr>(bound)) {
      binding = bindSymbol(command, symbol.getValue());
    } else {
      int64_t number = cast<IntegerAttr>(bound).getInt();
      binding = bindValue(command, number < operands ? command.getInputs()[number]
                                                     : command.getOutputs()[number - operands]);
    }
    if (failed(binding))
      return failure();
    description.bindings.push_back(*binding);
  }
  entry.commands.push_back(std::move(description));
  return success();
}

FailureOr<PackageSpec::Entry> EntryReader::read() {
  auto request = function->getAttrOfType<EntryAttr>("rondo.entry");
  auto arena = function->getAttrOfType<IntegerAttr>("rondo.arena_bytes");
  if (!request || !arena)
    return function.emitOpError(
        "expected 'rondo.entry' and 'rondo.arena_bytes': run the plan and tile stages first");
  entry.name = function.getName().str();
  entry.kind = static_cast<PackageSpec::EntryKind>(request.getKind());
  entry.batch = request.getBatch();
  entry.time = request.getTime();
  entry.slots = request.getSlots();
  entry.arenaBytes = arena.getInt();
  if (failed(readSignature()))
    return failure();
  for (auto [number, command] : llvm::enumerate(function.getOps<DispatchOp>()))
    numbers[command] = number;
  for (DispatchOp command : function.getOps<DispatchOp>())
    if (failed(readCommand(command)))
      return failure();
  entry.states.assign(states.begin(), states.end());
  return std::move(entry);
}

} // namespace

FailureOr<PackageSpec::Entry> rondo::entryContents(func::FuncOp entry, const PackageIndex &index) {
  return EntryReader(entry, index).read();
}
