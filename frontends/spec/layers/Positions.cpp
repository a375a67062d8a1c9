// Positions and the rotation of queries and keys.
#include "frontends/spec/layers/GraphLayers.h"
#include "frontends/spec/layers/LayerContext.h"

#include <cmath>

using namespace mlir;
using namespace rondo;
using spec::ExprAttr;
using spec::ExprKind;

namespace {

struct PositionsLayer : GraphLayerOpInterface::ExternalModel<PositionsLayer, spec::PositionsOp> {
  LogicalResult inferShapes(Operation *, LayerContext &context, SmallVectorImpl<Shape> &results) const {
    results.push_back({Shape::Kind::Positions, {}, 0});
    return context.checkReset();
  }

  SmallVector<Value> emit(Operation *, LayerContext &context, GraphEmitter &emitter,
                          ArrayRef<Shape> results) const {
    OpBuilder &builder = emitter.builder();
    Type next = RankedTensorType::get({ShapedType::kDynamic}, builder.getI64Type());
    Value reset = context.has("reset") ? context.graph(context.value("reset")) : Value();
    auto positions =
        PositionsOp::create(builder, context.loc(), emitter.type(results[0]), next,
                            context.graph(context.operand(0)), /*start=*/Value(), reset, /*length=*/Value());
    emitter.tagSequenceOp(positions);
    return {positions.getP()};
  }
};

struct RotaryLayer : GraphLayerOpInterface::ExternalModel<RotaryLayer, spec::RotaryOp> {
  LogicalResult inferShapes(Operation *, LayerContext &context, SmallVectorImpl<Shape> &results) const {
    LogicalResult fits = success();
    for (unsigned i = 0; i < context.numOperands(); ++i) {
      const Shape *x = context.shape(context.operand(i));
      if (!x)
        return failure();
      if (!x->isNumbers(2) || x->dims[1] % 2 != 0 || x->dims[1] > LayerContext::kMaxHeads)
        fits = context.reportShape(context.operand(i), "[B, T, H, d] with an even d of at most 65536",
                                   "split the width with heads(COUNT) where the value is made");
      results.push_back(*x);
    }
    if (succeeded(fits) && context.numOperands() > 0 && !angles(context, results[0].dims[1]))
      return failure();
    Value at = context.value("at");
    if (const Shape *positions = at ? context.shape(at) : nullptr;
        positions && positions->kind != Shape::Kind::Positions)
      fits = context.reportShape(at, "positions in 'at'", "spec.positions makes them");
    return fits;
  }

  SmallVector<Value> emit(Operation *, LayerContext &context, GraphEmitter &emitter,
                          ArrayRef<Shape> results) const {
    Pairs pairs = *symbolizePairs(context.word("pairs"));
    Value positions =
        context.has("at") ? context.graph(context.value("at")) : emitter.sharedPositions(context.loc());
    SmallVector<Value> rotated;
    for (auto [i, shape] : llvm::enumerate(results)) {
      SmallVector<double> theta = *angles(context, shape.dims[1]);
      auto [cos, sin] = emitter.rotaryTable(positions, theta, pairs, context.loc());
      Value x = context.graph(context.operand(i));
      rotated.push_back(RotateOp::create(emitter.builder(), context.loc(), x.getType(), x, cos, sin, pairs));
    }
    return rotated;
  }

private:
  // Radians per position of each of the d / 2 pairs.
  static std::optional<SmallVector<double>> angles(LayerContext &context, int64_t d) {
    StringRef word = context.word("theta");
    if (word != "linspace" && word != "standard")
      return context.series("theta", "pair", d / 2, {{"dim", double(d)}});
    double base = 10000;
    if (ArrayRef<ExprAttr> args = context.find("theta").getArgs();
        args.size() > 1 && args[1].is(ExprKind::Named)) {
      base = evaluate(args[1][0], {}).value_or(base);
      if (!(base > 0) || std::isinf(base)) {
        context
            .report(args[1].getLoc(), ErrorId::SpecValue,
                    "expected a positive base, found " + formatNumber(base))
            .help("10000 is usual");
        return std::nullopt;
      }
    }
    SmallVector<double> theta;
    for (int64_t i = 0; i < d / 2; ++i) {
      // linspace runs from 0 to 1 inclusive; a single pair turns by 1.
      double exponent = word == "standard" ? 2.0 * i / d : d == 2 ? 0 : double(i) / (d / 2 - 1);
      theta.push_back(std::pow(base, -exponent));
    }
    return theta;
  }
};

} // namespace

void rondo::attachPositionLayers(MLIRContext *context) {
  spec::PositionsOp::attachInterface<PositionsLayer>(*context);
  spec::RotaryOp::attachInterface<RotaryLayer>(*context);
}
