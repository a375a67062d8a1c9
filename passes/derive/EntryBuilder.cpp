// Builds one entry point from the graph.
#include "passes/derive/EntryBuilder.h"

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

// Gives a copied op the result types that follow from its new operands.
static LogicalResult inferAgain(Operation *op) {
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
  SmallVector<StringRef, 3> added{"slot"};
  if (request.takesLength())
    added.push_back("length");
  if (request.kind == EntryKind::Score)
    added.push_back("targets");
  for (unsigned i = 0; i < graph.getNumArguments(); ++i) {
    auto input = graph.getArgAttrOfType<InputAttr>(i, "rondo.input");
    if (input && llvm::is_contained(added, input.getName()))
      return reportError(graph.getArgument(i).getLoc(), ErrorId::EntryRequest,
                         "expected no graph input called '" + input.getName() + "' for entry point '" +
                             request.name() + "', which adds its own",
                         "rename the input");
  }
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

void EntryBuilder::addInputs() {
  for (BlockArgument argument : graph.getArguments()) {
    unsigned index = entry.getNumArguments();
    (void)entry.insertArgument(index, withSizes(argument.getType(), request),
                               graph.getArgAttrDict(argument.getArgNumber()), argument.getLoc());
    values.map(argument, entry.getArgument(index));
  }
  auto perRow = RankedTensorType::get({request.batch}, builder.getI32Type());
  if (request.takesLength())
    length = addInput("length", perRow, Absent::FullLength, 0, request.time);
  if (request.carriesStates())
    slot = addInput("slot", perRow, Absent::Slots, 0, request.slots - 1);
}

LogicalResult EntryBuilder::addStep(SequenceOpInterface op) {
  SmallVector<Value> operands, before;
  for (Value operand : op->getOperands())
    operands.push_back(values.lookup(operand));
  ArrayRef<StringAttr> names = states.namesOf(op);
  for (auto [spec, name] : llvm::zip_equal(op.getStateSpecs(), names)) {
    SmallVector<int64_t> shape{request.batch};
    llvm::append_range(shape, spec.slot.getShape());
    before.push_back(
        ReadStateOp::create(builder, op.getLoc(), spec.slot.clone(shape), name.getValue(), slot));
  }
  SequenceStep step = op.buildStep(builder, {operands, before, length, /*reset=*/Value()});
  values.map(op->getResults(), step.results);
  for (auto [after, name] : llvm::zip_equal(step.states, names))
    WriteStateOp::create(builder, op.getLoc(), after, name.getValue(), slot);
  for (Value result : step.results)
    if (Operation *built = result.getDefiningOp())
      if (Attribute layer = op->getAttr("rondo.layer"))
        built->setAttr("rondo.layer", layer);
  return success();
}

LogicalResult EntryBuilder::addOp(Operation &op) {
  if (auto sequence = dyn_cast<SequenceOpInterface>(op); sequence && request.carriesStates())
    return addStep(sequence);
  return inferAgain(builder.clone(op, values));
}

FailureOr<Value> EntryBuilder::score(Value logits) {
  auto product = logits.getDefiningOp<LinearOp>();
  if (!product) {
    StringRef maker = logits.getDefiningOp() ? logits.getDefiningOp()->getName().getStringRef() : "an input";
    return reportError(logits.getLoc(), ErrorId::EntryRequest,
                       "entry point 'score' needs logits made by 'rondo.linear', found '" + maker + "'",
                       "let the output \"logits\" be a linear layer over the vocabulary");
  }
  auto weight = cast<RankedTensorType>(product.getWeight().getType());
  auto type = RankedTensorType::get({request.batch, request.time}, builder.getI32Type());
  bool hasTokens = llvm::any_of(llvm::seq(graph.getNumArguments()), [&](unsigned i) {
    auto input = graph.getArgAttrOfType<InputAttr>(i, "rondo.input");
    return input && input.getName() == "tokens";
  });
  Value targets = addInput("targets", type, hasTokens ? Absent::ShiftedTokens : Absent::Required, 0,
                           weight.getDimSize(0) - 1);
  return LinearLogProbOp::create(builder, product.getLoc(), product.getX(), product.getWeight(), targets)
      .getLogProb();
}

// The one operand of `op` that runs along the sequence, if the others are parameters and the op is pointwise.
static Value onlySequenceOperand(Operation *op) {
  if (op->getNumResults() != 1 || !isa<InferTypeOpInterface>(op) || isa<SequenceOpInterface>(op))
    return {};
  Value found;
  for (Value operand : op->getOperands()) {
    if (operand.getDefiningOp<GetWeightOp>())
      continue;
    if (found)
      return {};
    found = operand;
  }
  return found;
}

// The logits of the last valid position. Takes the row as early as the product that makes the logits, so that
// the vocabulary is multiplied with one row only.
Value EntryBuilder::lastRow(Value logits) {
  SmallVector<Operation *> above;
  Value source = logits;
  bool reachedProduct = false;
  while (Operation *op = source.getDefiningOp()) {
    Value operand = onlySequenceOperand(op);
    if (reachedProduct || !operand)
      break;
    above.push_back(op);
    source = operand;
    reachedProduct = isa<LinearOp>(op);
  }
  if (!reachedProduct || cast<RankedTensorType>(source.getType()).getRank() != 3) {
    above.clear();
    source = logits;
  }
  Value row = LastRowOp::create(builder, logits.getLoc(), source, length);
  for (Operation *op : llvm::reverse(above)) {
    IRMapping mapping;
    mapping.map(onlySequenceOperand(op), row);
    Operation *copy = builder.clone(*op, mapping);
    // The same op on one row of the same width: what was inferable stays so.
    (void)inferAgain(copy);
    row = copy->getResult(0);
  }
  return row;
}

LogicalResult EntryBuilder::addOutputs(func::ReturnOp end) {
  SmallVector<Value> outputs;
  SmallVector<Attribute> attributes;
  bool hasLogits = false;
  for (auto [index, graphValue] : llvm::enumerate(end.getOperands())) {
    StringRef name = outputName(graph, index).value_or("");
    Value value = values.lookup(graphValue);
    if (name == "logits") {
      hasLogits = true;
      if (request.kind == EntryKind::Score) {
        FailureOr<Value> logProb = score(value);
        if (failed(logProb))
          return failure();
        value = *logProb;
        name = "log_prob";
      } else if (request.kind == EntryKind::Prefill && request.logits == LogitsRows::None) {
        continue;
      } else if (request.kind == EntryKind::Prefill && request.logits == LogitsRows::Last) {
        value = lastRow(value);
      }
    }
    outputs.push_back(value);
    attributes.push_back(
        builder.getDictionaryAttr(builder.getNamedAttr("rondo.output", builder.getStringAttr(name))));
  }
  if (request.kind == EntryKind::Score && !hasLogits)
    return reportError(graph.getLoc(), ErrorId::EntryRequest, "entry point 'score' needs an output 'logits'",
                       "name the output of the linear layer over the vocabulary \"logits\"");
  func::ReturnOp::create(builder, end.getLoc(), outputs);
  SmallVector<Type> types(ValueRange(outputs).getTypes());
  entry.setType(builder.getFunctionType(entry.getArgumentTypes(), types));
  entry.setAllResultAttrs(attributes);
  return success();
}

// Ops that no output or state needs, last first.
static void eraseDeadOps(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

LogicalResult EntryBuilder::build() {
  if (failed(check()))
    return failure();
  entry = func::FuncOp::create(builder, graph.getLoc(), request.name(), builder.getFunctionType({}, {}));
  entry->setAttr("rondo.entry", EntryAttr::get(builder.getContext(), request.kind, request.batch,
                                               request.time, request.slots));
  builder.setInsertionPointToStart(entry.addEntryBlock());
  addInputs();
  Block &body = graph.getBody().front();
  for (Operation &op : body.without_terminator())
    if (failed(addOp(op)))
      return failure();
  if (failed(addOutputs(cast<func::ReturnOp>(body.getTerminator()))))
    return failure();
  eraseDeadOps(entry.getBody().front());
  return success();
}
