// The walk over an unrolled model. An op whose operands are unknown gives unknown results and is not reported
// again.
#include "frontends/spec/ModelWalk.h"

using namespace mlir;
using namespace rondo;

void ModelWalk::run(ValueRange arguments) {
  unsigned nextArgument = 0;
  for (Operation &op : model.getBody().front()) {
    if (auto input = dyn_cast<spec::InputOp>(op))
      visitInput(input, arguments.empty() ? Value() : arguments[nextArgument++]);
    else if (auto layer = dyn_cast<spec::LayerOpInterface>(op))
      visitLayer(layer);
    else if (auto output = dyn_cast<spec::OutputOp>(op))
      visitOutput(output);
  }
  table.checkNames(diagnosis);
}

// tokens, flags, or numbers with heads and width: exactly one of the three.
static std::optional<Shape> inputShape(LayerContext &context) {
  bool tokens = context.has("tokens"), flags = context.has("flags");
  bool numbers = context.has("heads") || context.has("width");
  if (tokens + flags + numbers != 1) {
    context
        .report(context.loc(), ErrorId::SpecClause,
                tokens + flags + numbers == 0 ? "input: expected a clause that says what it is, found none"
                                              : "input: expected one kind of input, found clauses of several")
        .help("write tokens(COUNT), flags, or heads(COUNT) and width(COUNT)");
    return std::nullopt;
  }
  if (flags)
    return Shape{Shape::Kind::Flags, {}, 0};
  if (tokens) {
    std::optional<int64_t> count = context.count("tokens");
    return count ? std::optional(Shape{Shape::Kind::Tokens, {}, *count}) : std::nullopt;
  }
  Shape shape;
  for (StringRef clause : {"heads", "width"})
    if (context.has(clause)) {
      std::optional<int64_t> count = context.count(clause);
      if (!count)
        return std::nullopt;
      shape.dims.push_back(*count);
    }
  return shape;
}

void ModelWalk::visitInput(spec::InputOp input, Value argument) {
  LayerContext context(input, values, table, diagnosis);
  if (input.getNumResults() == 1)
    values[input.getResult(0)] = {inputShape(context), argument};
}

void ModelWalk::visitLayer(spec::LayerOpInterface layer) {
  auto graphLayer = dyn_cast<GraphLayerOpInterface>(layer.getOperation());
  const spec::Signature &signature = layer.getSignature();
  LayerContext context(layer, values, table, diagnosis);
  if (!graphLayer || context.numOperands() < signature.minOperands ||
      context.numOperands() > signature.maxOperands)
    return; // reported with the op's structure
  SmallVector<Shape> shapes;
  LogicalResult inferred = graphLayer.inferShapes(context, shapes);
  if (shapes.size() != layer->getNumResults())
    return;
  SmallVector<Value> emitted(shapes.size());
  if (emitter && succeeded(inferred)) {
    emitter->setInstance(layer->getAttrOfType<StringAttr>("instance"));
    emitted = graphLayer.emit(context, *emitter, shapes);
  }
  for (auto [result, shape, value] : llvm::zip_equal(layer->getResults(), shapes, emitted))
    values[result] = {shape, value};
}

void ModelWalk::visitOutput(spec::OutputOp output) {
  std::optional<Shape> found = shape(output.getValue());
  if (found && found->kind != Shape::Kind::Numbers)
    diagnosis
        .report(output.getLoc(), ErrorId::SpecShape,
                "output: expected numbers [B, T, ...], found " + found->str())
        .note(output.getValue().getLoc(), "the value comes from here")
        .help("outputs are numbers of the sequence, such as logits");
}
