// Embedding and linear layers.
#include "frontends/spec/layers/GraphLayers.h"
#include "frontends/spec/layers/LayerContext.h"

#include <cmath>

using namespace mlir;
using namespace rondo;

namespace {

struct EmbeddingLayer : GraphLayerOpInterface::ExternalModel<EmbeddingLayer, spec::EmbeddingOp> {
  LogicalResult inferShapes(Operation *, LayerContext &context, SmallVectorImpl<Shape> &results) const {
    std::optional<int64_t> to = context.count("to");
    if (!to)
      return failure();
    results.push_back(Shape::numbers({*to}));
    const Shape *tokens = context.shape(context.operand(0));
    if (!tokens || tokens->kind != Shape::Kind::Tokens) {
      (void)context.reportShape(context.operand(0), "tokens [B, T]",
                                "an input declared with tokens(COUNT) gives tokens");
      return success(); // the result is known all the same
    }
    context.declareWeight({tokens->vocabulary, *to}, {InitKind::Normal, 1 / std::sqrt(double(*to))});
    return context.checkTail(results[0]);
  }

  SmallVector<Value> emit(Operation *, LayerContext &context, GraphEmitter &emitter,
                          ArrayRef<Shape> results) const {
    int64_t vocabulary = context.shape(context.operand(0))->vocabulary;
    Value table = context.getWeight(emitter, {vocabulary, results[0].dims[0]});
    Value y = EmbeddingOp::create(emitter.builder(), context.loc(), emitter.type(results[0]),
                                  context.graph(context.operand(0)), table);
    return {context.emitTail(emitter, y)};
  }
};

struct LinearLayer : GraphLayerOpInterface::ExternalModel<LinearLayer, spec::LinearOp> {
  LogicalResult inferShapes(Operation *, LayerContext &context, SmallVectorImpl<Shape> &results) const {
    const Shape *x = context.shape(context.operand(0));
    if (x && !x->isNumbers(1) && !x->isNumbers(2)) {
      (void)context.reportShape(context.operand(0), "numbers [B, T, K] or [B, T, H, d]",
                                "embed tokens first");
      x = nullptr;
    }
    std::optional<int64_t> to;
    if (context.has("to"))
      to = context.count("to");
    else if (x)
      to = x->width();
    std::optional<int64_t> heads =
        context.has("heads") ? context.count("heads", LayerContext::kMaxHeads) : std::nullopt;
    if (!to || (context.has("heads") && !heads))
      return failure();
    if (x) {
      Initial kaiming = {InitKind::Uniform, 1 / std::sqrt(double(x->width()))};
      context.declareWeight({*to, x->width()}, kaiming);
      context.declareBias(*to, {*to, x->width()}, kaiming);
    }
    if (heads && *to % *heads != 0) {
      context
          .report(context.clauseLoc("heads"), ErrorId::SpecShape,
                  "linear: expected heads that divide the width " + Twine(*to) + ", found " + Twine(*heads))
          .help("the nearest widths are " + Twine(*to / *heads * *heads) + " and " +
                Twine((*to / *heads + 1) * *heads));
      return failure();
    }
    results.push_back(heads ? Shape::numbers({*heads, *to / *heads}) : Shape::numbers({*to}));
    return context.checkTail(results[0]);
  }

  SmallVector<Value> emit(Operation *, LayerContext &context, GraphEmitter &emitter,
                          ArrayRef<Shape> results) const {
    int64_t to = results[0].width();
    Value weight = context.getWeight(emitter, {to, context.shape(context.operand(0))->width()});
    Value y = LinearOp::create(emitter.builder(), context.loc(), emitter.type(Shape::numbers({to})),
                               context.graph(context.operand(0)), weight);
    y = context.addBias(emitter, y);
    return {context.emitTail(emitter, emitter.reshape(y, results[0], context.loc()))};
  }
};

} // namespace

void rondo::attachLinearLayers(MLIRContext *context) {
  spec::EmbeddingOp::attachInterface<EmbeddingLayer>(*context);
  spec::LinearOp::attachInterface<LinearLayer>(*context);
}
