// What entry points make of the graph's logits: log-probabilities, a loss, or the rows that are wanted.
#include "dialects/rondo/ErrorReport.h"
#include "passes/derive/EntryBuilder.h"

using namespace mlir;
using namespace rondo;

// The log-probabilities of targets, in place of the product that makes the logits.
FailureOr<LinearLogProbOp> EntryBuilder::logProbability(Value logits) {
  auto product = logits.getDefiningOp<LinearOp>();
  if (!product) {
    StringRef maker = logits.getDefiningOp() ? logits.getDefiningOp()->getName().getStringRef() : "an input";
    return reportError(logits.getLoc(), ErrorId::EntryRequest,
                       "entry point '" + request.name() + "' needs logits made by 'rondo.linear', found '" +
                           maker + "'",
                       "let the output \"logits\" be a linear layer over the vocabulary, without bias, "
                       "act, scale and residual");
  }
  if (!targets)
    addTargets(0, cast<RankedTensorType>(product.getWeight().getType()).getDimSize(0) - 1);
  return LinearLogProbOp::create(builder, product.getLoc(), product.getX(), product.getWeight(), targets);
}

void EntryBuilder::addTargets(int64_t minimum, int64_t maximum) {
  auto type = RankedTensorType::get({request.batch, request.time}, builder.getI32Type());
  bool hasTokens = llvm::any_of(llvm::seq(graph.getNumArguments()), [&](unsigned i) {
    auto input = graph.getArgAttrOfType<InputAttr>(i, "rondo.input");
    return input && input.getName() == "tokens";
  });
  targets = addInput("targets", type, hasTokens ? Absent::ShiftedTokens : Absent::Required, minimum, maximum);
}

// The inputs of a loss: targets (-1: none), their weights, and the documents that rows are packed with.
LogicalResult EntryBuilder::addLossInputs() {
  Value logits;
  for (auto [index, value] : llvm::enumerate(graph.getBody().front().getTerminator()->getOperands()))
    if (auto name = graph.getResultAttrOfType<StringAttr>(index, "rondo.output"); name && name == "logits")
      logits = value;
  if (!logits)
    return noLogits();
  int64_t vocabulary = cast<RankedTensorType>(logits.getType()).getShape().back();
  addTargets(-1, vocabulary - 1);
  auto weights = RankedTensorType::get({request.batch, request.time}, builder.getF32Type());
  lossWeight = addInput("loss_weight", weights, Absent::Ones, std::nullopt, std::nullopt);
  auto ids = RankedTensorType::get({request.batch, request.time}, builder.getI32Type());
  Value segments = addInput("segment_ids", ids, Absent::Zeros, std::nullopt, std::nullopt);
  reset = SegmentStartsOp::create(builder, graph.getLoc(), segments);
  return success();
}

LogicalResult EntryBuilder::noLogits() {
  return reportError(graph.getLoc(), ErrorId::EntryRequest,
                     "entry point '" + request.name() + "' needs an output 'logits'",
                     "name the output of the linear layer over the vocabulary \"logits\"");
}

LogicalResult EntryBuilder::addHead(Value logits) {
  if (request.kind == EntryKind::Score || request.trains()) {
    FailureOr<LinearLogProbOp> scored = logProbability(logits);
    if (failed(scored))
      return failure();
    if (request.kind == EntryKind::Score)
      return addOutput("log_prob", scored->getLogProb()), success();
    auto loss = MeanLossOp::create(builder, scored->getLoc(), scored->getLogProb(), targets, lossWeight);
    addOutput("loss", loss.getLoss());
    addOutput("loss_weight_sum", loss.getWeightSum());
    return success();
  }
  if (request.kind == EntryKind::Prefill && request.logits == LogitsRows::None)
    return success();
  bool last = request.kind == EntryKind::Prefill && request.logits == LogitsRows::Last;
  addOutput("logits", last ? lastRow(logits) : logits);
  return success();
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
    (void)inferTypesAgain(copy);
    row = copy->getResult(0);
  }
  return row;
}
