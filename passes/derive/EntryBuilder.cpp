// Builds one entry point from the graph.
#include "passes/derive/EntryBuilder.h"

#include "dialects/rondo/DeadOps.h"
#include "dialects/rondo/ErrorReport.h"

using namespace mlir;
using namespace rondo;

static Type withSizes(Type type, const EntryRequest &request) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return type;
  SmallVector<int64_t> shape(tensor.getShape());
  const int64_t sizes[] = {request.batch, request.time};
  for (auto [dim, size] : llvm::zip(shape, sizes))
    if (ShapedType::isDynamic(dim))
      dim = size;
  return tensor.clone(shape);
}

LogicalResult rondo::inferTypesAgain(Operation *op) {
  auto inferable = dyn_cast<InferTypeOpInterface>(op);
  if (!inferable)
    return success();
  SmallVector<Type> types;
  if (failed(inferable.inferReturnTypes(op->getContext(), op->getLoc(), op->getOperands(),
                                        op->getRawDictionaryAttrs(), op->getPropertiesStorage(),
                                        op->getRegions(), types)))
    return failure();
  for (auto [result, type] : llvm::zip_equal(op->getResults(), types))
    result.setType(type);
  return success();
}

static std::optional<StringRef> outputName(func::FuncOp graph, unsigned index) {
  auto name = graph.getResultAttrOfType<StringAttr>(index, "rondo.output");
  return name ? std::optional(name.getValue()) : std::nullopt;
}

LogicalResult EntryBuilder::check() {
  if (!request.carriesStates())
    return success();
  SmallVector<StringRef, 8> added{"slot"};
  if (request.takesLength())
    added.push_back("length");
  if (request.kind == EntryKind::Score)
    added.push_back("targets");
  if (request.trains())
    llvm::append_values(added, "targets", "loss_weight", "segment_ids", "seed", "step");
  for (unsigned i = 0; i < graph.getNumArguments(); ++i) {
    auto input = graph.getArgAttrOfType<InputAttr>(i, "rondo.input");
    if (input && llvm::is_contained(added, input.getName()))
      return reportError(graph.getArgument(i).getLoc(), ErrorId::EntryRequest,
                         "expected no graph input called '" + input.getName() + "' for entry point '" +
                             request.name() + "', which adds its own",
                         "rename the input");
  }
  if (!request.needsStretches())
    return success();
  WalkResult walk = graph.walk([&](SequenceOpInterface op) {
    std::string problem;
    if (!op.isCausal())
      problem = "it looks ahead";
    else if (std::optional<std::string> reason = op.whyNoStep())
      problem = *reason;
    else
      return WalkResult::advance();
    (void)reportError(op.getLoc(), ErrorId::EntryRequest,
                      "entry point '" + request.name() + "' cannot walk the sequence in stretches through '" +
                          op->getName().getStringRef() + "': " + problem,
                      "ask for forward only");
    return WalkResult::interrupt();
  });
  return failure(walk.wasInterrupted());
}

Value EntryBuilder::addInput(StringRef name, Type type, Absent absent, std::optional<int64_t> minimum,
                             std::optional<int64_t> maximum) {
  auto input = InputAttr::get(builder.getContext(), name, absent, minimum, maximum);
  unsigned index = entry.getNumArguments();
  (void)entry.insertArgument(
      index, type, builder.getDictionaryAttr(builder.getNamedAttr("rondo.input", input)), graph.getLoc());
  return entry.getArgument(index);
}

LogicalResult EntryBuilder::addInputs() {
  for (BlockArgument argument : graph.getArguments()) {
    unsigned index = entry.getNumArguments();
    (void)entry.insertArgument(index, withSizes(argument.getType(), request),
                               graph.getArgAttrDict(argument.getArgNumber()), argument.getLoc());
    values.map(argument, entry.getArgument(index));
  }
  auto perRow = RankedTensorType::get({request.batch}, builder.getI32Type());
  if (request.takesLength())
    length = addInput("length", perRow, Absent::FullLength, 0, request.time);
  if (request.trains() && failed(addLossInputs()))
    return failure();
  if (request.carriesStates())
    slot = addInput("slot", perRow, Absent::Slots, 0, request.slots - 1);
  if (request.trains()) {
    auto scalar = RankedTensorType::get({}, builder.getI64Type());
    Value seed = addInput("seed", scalar, Absent::Zeros, std::nullopt, std::nullopt);
    Value step = addInput("step", scalar, Absent::Zeros, std::nullopt, std::nullopt);
    addStreams(seed, step);
  }
  return success();
}

// One stream for each number that a random op of the graph names.
void EntryBuilder::addStreams(Value seed, Value step) {
  int64_t count = 0;
  graph.walk([&](RandomOpInterface op) { count = std::max(count, op.getStreamId() + 1); });
  if (count == 0)
    return;
  SmallVector<Type> types(count, RankedTensorType::get({2}, builder.getI64Type()));
  streams = RandomStreamsOp::create(builder, graph.getLoc(), types, seed, step).getStreams();
}

// The states before the stretch: read from their slots, or inputs of the entry point.
SmallVector<Value> EntryBuilder::statesBefore(SequenceOpInterface op) {
  SmallVector<Value> before;
  for (auto [spec, name] : llvm::zip_equal(op.getStateSpecs(), states.namesOf(op))) {
    SmallVector<int64_t> shape{request.batch};
    llvm::append_range(shape, spec.slot.getShape());
    auto type = spec.slot.clone(shape);
    Value value = slot ? ReadStateOp::create(builder, op.getLoc(), type, name.getValue(), slot).getValue()
                       : addInput(name, type, Absent::Zeros, std::nullopt, std::nullopt);
    // The backward pass reads the state again, after the pool has the new one.
    if (request.trains() && type.getElementType().isF32())
      value = CopyStateOp::create(builder, op.getLoc(), value);
    before.push_back(value);
  }
  return before;
}

static void tagLayer(Operation *op, const SequenceStep &step) {
  for (Value result : step.results)
    if (Operation *built = result.getDefiningOp())
      if (Attribute layer = op->getAttr("rondo.layer"))
        built->setAttr("rondo.layer", layer);
}

void EntryBuilder::addStep(SequenceOpInterface op) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(values.lookup(operand));
  SmallVector<Value> before = statesBefore(op);
  SequenceStep step = op.buildStep(builder, {operands, before, length, reset});
  values.map(op->getResults(), step.results);
  for (auto [after, name] : llvm::zip_equal(step.states, states.namesOf(op))) {
    if (slot)
      WriteStateOp::create(builder, op.getLoc(), after, name.getValue(), slot);
    else
      addOutput(name.getValue(), after);
  }
  tagLayer(op, step);
}

void EntryBuilder::addWhole(SequenceOpInterface op) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(values.lookup(operand));
  SequenceStep step = op.buildStep(builder, {operands, {}, Value(), reset});
  values.map(op->getResults(), step.results);
  tagLayer(op, step);
}

void EntryBuilder::addRandom(RandomOpInterface op) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(values.lookup(operand));
  values.map(op->getResults(), request.trains()
                                   ? op.buildTraining(builder, operands, streams[op.getStreamId()])
                                   : op.buildInference(builder, operands));
}

LogicalResult EntryBuilder::addOp(Operation &op) {
  if (auto random = dyn_cast<RandomOpInterface>(op))
    return addRandom(random), success();
  auto sequence = dyn_cast<SequenceOpInterface>(op);
  if (!sequence || sequence.whyNoStep())
    return inferTypesAgain(builder.clone(op, values));
  if (!sequence.isCausal())
    return addWhole(sequence), success();
  bool differentiable = sequence.hasDifferentiableStates();
  if (request.carriesStates() || (request.kind == EntryKind::Vjp && differentiable))
    return addStep(sequence), success();
  // What has no initial state as an operand says by a step without states how it treats documents.
  if (!differentiable)
    return addWhole(sequence), success();
  return inferTypesAgain(builder.clone(op, values));
}

void EntryBuilder::addOutput(StringRef name, Value value) {
  outputs.push_back(value);
  outputAttributes.push_back(
      builder.getDictionaryAttr(builder.getNamedAttr("rondo.output", builder.getStringAttr(name))));
}

// The graph's outputs; training keeps only the loss that its logits give.
LogicalResult EntryBuilder::addGraphOutputs(func::ReturnOp end) {
  for (auto [index, graphValue] : llvm::enumerate(end.getOperands())) {
    StringRef name = outputName(graph, index).value_or("");
    Value value = values.lookup(graphValue);
    if (request.trains() && name != "logits")
      continue;
    if (name == "logits" && failed(addHead(value)))
      return failure();
    if (name != "logits")
      addOutput(name, value);
  }
  return success();
}

LogicalResult EntryBuilder::finish(func::ReturnOp end) {
  bool hasLogits = llvm::any_of(llvm::seq(end.getNumOperands()),
                                [&](unsigned i) { return outputName(graph, i) == "logits"; });
  if (request.kind == EntryKind::Score && !hasLogits)
    return noLogits();
  func::ReturnOp::create(builder, end.getLoc(), outputs);
  SmallVector<Type> types(ValueRange(outputs).getTypes());
  entry.setType(builder.getFunctionType(entry.getArgumentTypes(), types));
  entry.setAllResultAttrs(outputAttributes);
  return success();
}

LogicalResult EntryBuilder::build() {
  if (failed(check()))
    return failure();
  entry = func::FuncOp::create(builder, graph.getLoc(), request.name(), builder.getFunctionType({}, {}));
  entry->setAttr("rondo.entry", EntryAttr::get(builder.getContext(), request.kind, request.batch,
                                               request.time, request.slots));
  builder.setInsertionPointToStart(entry.addEntryBlock());
  if (!request.hasNoGraph() && failed(addInputs()))
    return failure();
  Block &body = graph.getBody().front();
  auto end = cast<func::ReturnOp>(body.getTerminator());
  if (!request.hasNoGraph()) {
    for (Operation &op : body.without_terminator())
      if (failed(addOp(op)))
        return failure();
    if (failed(addGraphOutputs(end)))
      return failure();
  }
  if (failed(finish(end)))
    return failure();
  eraseDeadOps(entry.getBody().front()); // what no output or state needs
  return success();
}
