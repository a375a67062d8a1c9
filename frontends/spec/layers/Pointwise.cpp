// Norms and elementwise layers.
#include "frontends/spec/layers/GraphLayers.h"
#include "frontends/spec/layers/LayerContext.h"

using namespace mlir;
using namespace rondo;

// The one operand of an elementwise layer; null after a report or if it is unknown.
static const Shape *numbersOperand(LayerContext &context) {
  const Shape *x = context.shape(context.operand(0));
  if (x && x->kind == Shape::Kind::Numbers && !x->dims.empty())
    return x;
  (void)context.reportShape(context.operand(0), "numbers [B, T, ...]", "embed tokens first");
  return nullptr;
}

namespace {

// rms_norm and layer_norm, which may have a bias.
template <typename SpecOp, typename GraphOp>
struct NormLayer : GraphLayerOpInterface::ExternalModel<NormLayer<SpecOp, GraphOp>, SpecOp> {
  static constexpr double kEps = std::is_same_v<SpecOp, spec::RmsNormOp> ? 1e-6 : 1e-5;

  LogicalResult inferShapes(Operation *, LayerContext &context, SmallVectorImpl<Shape> &results) const {
    if (std::optional<double> eps = context.number("eps"); eps && *eps < 0)
      context
          .report(context.clauseLoc("eps"), ErrorId::SpecValue,
                  "expected eps >= 0, found " + formatNumber(*eps))
          .help("eps keeps rows of zeros finite; " + formatNumber(kEps) + " is usual");
    const Shape *x = numbersOperand(context);
    if (!x)
      return failure();
    Shape rows = context.has("joined") ? Shape::numbers({x->width()}) : *x;
    int64_t width = rows.dims.back();
    context.declareWeight({width}, {InitKind::Constant, 1});
    context.declareBias(width, {width}, {InitKind::Constant, 0});
    results.push_back(rows);
    return context.checkTail(rows);
  }

  SmallVector<Value> emit(Operation *, LayerContext &context, GraphEmitter &emitter,
                          ArrayRef<Shape> results) const {
    OpBuilder &builder = emitter.builder();
    Value weight = context.getWeight(emitter, {results[0].dims.back()});
    Value x = emitter.reshape(context.graph(context.operand(0)), results[0], context.loc());
    Value y = GraphOp::create(builder, context.loc(), emitter.type(results[0]), x, weight,
                              builder.getF64FloatAttr(context.number("eps").value_or(kEps)));
    return {context.emitTail(emitter, context.addBias(emitter, y))};
  }
};

// add and mul: two operands of one shape.
template <typename SpecOp, typename GraphOp>
struct BinaryLayer : GraphLayerOpInterface::ExternalModel<BinaryLayer<SpecOp, GraphOp>, SpecOp> {
  LogicalResult inferShapes(Operation *, LayerContext &context, SmallVectorImpl<Shape> &results) const {
    const Shape *a = numbersOperand(context), *b = context.shape(context.operand(1));
    if (!a || !b) {
      if (!a && !b)
        return failure();
      results.push_back(a ? *a : *b);
      return context.checkTail(results[0]);
    }
    if (!(*a == *b)) {
      StringRef name = context.op()->getName().stripDialect();
      context
          .report(context.loc(), ErrorId::SpecShape,
                  name + ": expected two values of one shape, found " + a->str() + " and " + b->str())
          .note(context.operand(0).getLoc(), "the first value " + a->str() + " comes from here")
          .note(context.operand(1).getLoc(), "the second value " + b->str() + " comes from here")
          .help("give both linears the same 'to' and 'heads'");
      return failure();
    }
    results.push_back(*a);
    return context.checkTail(*a);
  }

  SmallVector<Value> emit(Operation *, LayerContext &context, GraphEmitter &emitter,
                          ArrayRef<Shape> results) const {
    Value y = GraphOp::create(emitter.builder(), context.loc(), emitter.type(results[0]),
                              context.graph(context.operand(0)), context.graph(context.operand(1)));
    return {context.emitTail(emitter, y)};
  }
};

// activation and scale: the tail does the work.
template <typename SpecOp>
struct TailLayer : GraphLayerOpInterface::ExternalModel<TailLayer<SpecOp>, SpecOp> {
  LogicalResult inferShapes(Operation *, LayerContext &context, SmallVectorImpl<Shape> &results) const {
    const Shape *x = numbersOperand(context);
    if (!x)
      return failure();
    results.push_back(*x);
    return context.checkTail(*x);
  }

  SmallVector<Value> emit(Operation *, LayerContext &context, GraphEmitter &emitter, ArrayRef<Shape>) const {
    return {context.emitTail(emitter, context.graph(context.operand(0)))};
  }
};

struct DropoutLayer : GraphLayerOpInterface::ExternalModel<DropoutLayer, spec::DropoutOp> {
  LogicalResult inferShapes(Operation *, LayerContext &context, SmallVectorImpl<Shape> &results) const {
    if (std::optional<double> rate = context.number("rate"); rate && !(*rate >= 0 && *rate < 1))
      context
          .report(context.clauseLoc("rate"), ErrorId::SpecValue,
                  "expected 0 <= rate < 1, found " + formatNumber(*rate))
          .help("the rate is the share of elements that become 0; 0.1 is usual");
    const Shape *x = numbersOperand(context);
    if (!x)
      return failure();
    results.push_back(*x);
    return context.checkTail(*x);
  }

  SmallVector<Value> emit(Operation *, LayerContext &context, GraphEmitter &emitter, ArrayRef<Shape>) const {
    Value x = context.graph(context.operand(0)), y = x;
    if (double rate = context.number("rate").value_or(0); rate > 0)
      y = emitter.dropout(x, rate, context.loc());
    if (!y) {
      context
          .report(context.op()->getLoc(), ErrorId::SpecValue,
                  "expected at most " + Twine(DropoutOp::kStreams) +
                      " dropouts with a rate above 0 in a model, found more")
          .help("leave some out, or repeat the block less often");
      y = x;
    }
    return {context.emitTail(emitter, y)};
  }
};

} // namespace

void rondo::attachPointwiseLayers(MLIRContext *context) {
  spec::RmsNormOp::attachInterface<NormLayer<spec::RmsNormOp, RmsNormOp>>(*context);
  spec::LayerNormOp::attachInterface<NormLayer<spec::LayerNormOp, LayerNormOp>>(*context);
  spec::AddOp::attachInterface<BinaryLayer<spec::AddOp, AddOp>>(*context);
  spec::MulOp::attachInterface<BinaryLayer<spec::MulOp, MulOp>>(*context);
  spec::ActivationOp::attachInterface<TailLayer<spec::ActivationOp>>(*context);
  spec::DropoutOp::attachInterface<DropoutLayer>(*context);
  spec::ScaleOp::attachInterface<TailLayer<spec::ScaleOp>>(*context);
}
