// Shape rules of the scoring ops.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/ShapeMatcher.h"

using namespace mlir;
using namespace rondo;

LogicalResult LinearLogProbOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                                Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.matchRows("G1", "x", op.getX().getType(), "K", shapes.f32())) ||
      failed(shapes.match("G1", "weight", op.getWeight().getType(), {"V", "K"}, shapes.f32())) ||
      failed(shapes.match("G1", "targets", op.getTargets().getType(), {"B", "T"}, shapes.integer(32))))
    return failure();
  types.append(2, shapes.tensor({"B", "T"}, shapes.f32()));
  return success();
}

// G2; binds B, T, K and V.
static LogicalResult matchLogProbGrad(ShapeMatcher &shapes, Value x, Value weight, Value targets,
                                      Value logSumExp, Value dLogProb) {
  auto rows = [&](StringRef name, Value value, Type element) {
    return shapes.match("G2", name, value.getType(), {"B", "T"}, element);
  };
  return failure(failed(shapes.match("G2", "x", x.getType(), {"B", "T", "K"}, shapes.f32())) ||
                 failed(shapes.match("G2", "weight", weight.getType(), {"V", "K"}, shapes.f32())) ||
                 failed(rows("targets", targets, shapes.integer(32))) ||
                 failed(rows("log_sum_exp", logSumExp, shapes.f32())) ||
                 failed(rows("d_log_prob", dLogProb, shapes.f32())));
}

LogicalResult LinearLogProbGradInputOp::inferReturnTypes(MLIRContext *context,
                                                         std::optional<Location> location, Adaptor op,
                                                         SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(matchLogProbGrad(shapes, op.getX(), op.getWeight(), op.getTargets(), op.getLogSumExp(),
                              op.getDLogProb())))
    return failure();
  types.push_back(shapes.tensor({"B", "T", "K"}, shapes.f32()));
  return success();
}

LogicalResult LinearLogProbGradWeightOp::inferReturnTypes(MLIRContext *context,
                                                          std::optional<Location> location, Adaptor op,
                                                          SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(matchLogProbGrad(shapes, op.getX(), op.getWeight(), op.getTargets(), op.getLogSumExp(),
                              op.getDLogProb())))
    return failure();
  types.push_back(shapes.tensor({"V", "K"}, shapes.f32()));
  return success();
}

// The plan gives a gradient its parameter's storage layout.
bool LinearLogProbGradInputOp::isCompatibleReturnTypes(TypeRange a, TypeRange b) {
  return equalButForLayout(a, b);
}
bool LinearLogProbGradWeightOp::isCompatibleReturnTypes(TypeRange a, TypeRange b) {
  return equalButForLayout(a, b);
}

LogicalResult MeanLossOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor op,
                                           SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("ML1", "log_prob", op.getLogProb().getType(), {"B", "T"}, shapes.f32())) ||
      failed(shapes.match("ML1", "targets", op.getTargets().getType(), {"B", "T"}, shapes.integer(32))) ||
      failed(shapes.match("ML1", "loss_weight", op.getLossWeight().getType(), {"B", "T"}, shapes.f32())))
    return failure();
  types.append(2, shapes.tensor({}, shapes.f32()));
  return success();
}

LogicalResult MeanLossGradOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                               Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("ML2", "targets", op.getTargets().getType(), {"B", "T"}, shapes.integer(32))) ||
      failed(shapes.match("ML2", "loss_weight", op.getLossWeight().getType(), {"B", "T"}, shapes.f32())) ||
      failed(shapes.match("ML2", "weight_sum", op.getWeightSum().getType(), {}, shapes.f32())) ||
      (op.getDLoss() && failed(shapes.match("ML2", "d_loss", op.getDLoss().getType(), {}, shapes.f32()))))
    return failure();
  types.push_back(shapes.tensor({"B", "T"}, shapes.f32()));
  return success();
}
