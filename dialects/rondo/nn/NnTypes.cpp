// Shape rules of the layer ops: result types from operand types.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/ShapeMatcher.h"

using namespace mlir;
using namespace rondo;

using Types = SmallVectorImpl<Type>;
using MaybeLocation = std::optional<Location>;

LogicalResult EmbeddingOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                            Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("E1", "tokens", op.getTokens().getType(), {"B", "T"}, shapes.integer(32))) ||
      failed(shapes.match("E1", "table", op.getTable().getType(), {"V", "D"}, shapes.f32())))
    return failure();
  types.push_back(shapes.tensor({"B", "T", "D"}, shapes.f32()));
  return success();
}

LogicalResult LinearOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                         Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.matchRows("L1", "x", op.getX().getType(), "K", shapes.f32())) ||
      failed(shapes.match("L1", "weight", op.getWeight().getType(), {"N", "K"}, shapes.f32())))
    return failure();
  types.push_back(shapes.tensor({"B", "T", "N"}, shapes.f32()));
  return success();
}

// A sequence tensor with a width; binds "last".
static LogicalResult matchWidth(ShapeMatcher &shapes, StringRef rule, Type x) {
  if (failed(shapes.matchSequence(rule, "x", x)))
    return failure();
  if (cast<RankedTensorType>(x).getRank() < 3)
    return shapes.fail(rule, "expected x to have a width, found ", x);
  shapes.bind("last", cast<RankedTensorType>(x).getShape().back());
  return success();
}

static LogicalResult inferNorm(ShapeMatcher &shapes, Type x, Value weight, Types &types) {
  if (failed(matchWidth(shapes, "N1", x)) ||
      (weight && failed(shapes.match("N1", "weight", weight.getType(), {"last"}, shapes.f32()))))
    return failure();
  types.push_back(x);
  return success();
}

static LogicalResult verifyEps(Operation *op, FloatAttr eps) {
  if (eps.getValue().isNegative() || eps.getValue().isNaN())
    return op->emitOpError("N2: expected eps >= 0, found ") << eps;
  return success();
}

LogicalResult RmsNormOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                          Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  return inferNorm(shapes, op.getX().getType(), op.getWeight(), types);
}
LogicalResult RmsNormOp::verify() { return verifyEps(*this, getEpsAttr()); }

LogicalResult LayerNormOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                            Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  return inferNorm(shapes, op.getX().getType(), op.getWeight(), types);
}
LogicalResult LayerNormOp::verify() { return verifyEps(*this, getEpsAttr()); }

LogicalResult AddBiasOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                          Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(matchWidth(shapes, "AB1", op.getX().getType())) ||
      failed(shapes.match("AB1", "bias", op.getBias().getType(), {"last"}, shapes.f32())))
    return failure();
  types.push_back(op.getX().getType());
  return success();
}

LogicalResult PositionsOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                            Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  auto like = dyn_cast<RankedTensorType>(op.getLike().getType());
  if (!like || like.getRank() < 2)
    return shapes.fail("P1", "expected like to be a sequence tensor [B, T, ...], found ",
                       op.getLike().getType());
  shapes.bind("B", like.getDimSize(0));
  shapes.bind("T", like.getDimSize(1));
  Type i64 = shapes.integer(64);
  if ((op.getStart() && failed(shapes.match("P1", "start", op.getStart().getType(), {"B"}, i64))) ||
      (op.getReset() &&
       failed(shapes.match("P1", "reset", op.getReset().getType(), {"B", "T"}, shapes.integer(8)))) ||
      (op.getLength() &&
       failed(shapes.match("P1", "length", op.getLength().getType(), {"B"}, shapes.integer(32)))))
    return failure();
  types.push_back(shapes.tensor({"B", "T"}, i64));
  types.push_back(shapes.tensor({"B"}, i64));
  return success();
}

LogicalResult RotaryTableOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                              Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("T1", "positions", op.getPositions().getType(), {"B", "T"}, shapes.integer(64))))
    return failure();
  shapes.bind("d", 2 * static_cast<int64_t>(op.getTheta().size()));
  types.append(2, shapes.tensor({"B", "T", "d"}, shapes.f32()));
  return success();
}

LogicalResult RotaryTableOp::verify() {
  if (getTheta().empty())
    return emitOpError("T2: expected at least one angle, found none");
  for (double angle : getTheta())
    if (!std::isfinite(angle))
      return emitOpError("T2: expected finite angles, found ") << angle;
  return success();
}

LogicalResult RotateOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                         Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("J1", "x", op.getX().getType(), {"B", "T", "H", "d"}, shapes.f32())) ||
      failed(shapes.match("J1", "cos", op.getCos().getType(), {"B", "T", "d"}, shapes.f32())) ||
      failed(shapes.match("J1", "sin", op.getSin().getType(), {"B", "T", "d"}, shapes.f32())))
    return failure();
  if (shapes["d"] % 2 != 0)
    return shapes.fail("J2", "expected an even head width, found ", shapes["d"]);
  types.push_back(shapes.tensor({"B", "T", "H", "d"}, shapes.f32()));
  return success();
}

// Two sequence tensors of one shape; the result knows every size that either knows.
static LogicalResult inferElementwise(ShapeMatcher &shapes, Type lhs, Type rhs, Types &types) {
  if (failed(shapes.matchSequence("A1", "lhs", lhs)) || failed(shapes.matchSequence("A1", "rhs", rhs)))
    return failure();
  auto left = cast<RankedTensorType>(lhs), right = cast<RankedTensorType>(rhs);
  if (left.getShape().drop_front(2) != right.getShape().drop_front(2))
    return shapes.fail("A1", "expected two tensors of one shape, found ", lhs, " and ", rhs);
  SmallVector<int64_t> shape(left.getShape());
  shape[0] = shapes["B"];
  shape[1] = shapes["T"];
  types.push_back(left.clone(shape));
  return success();
}

LogicalResult AddOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                      Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  return inferElementwise(shapes, op.getLhs().getType(), op.getRhs().getType(), types);
}

LogicalResult MulOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                      Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  return inferElementwise(shapes, op.getLhs().getType(), op.getRhs().getType(), types);
}

LogicalResult ScaleOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                        Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  types.push_back(op.getX().getType());
  return shapes.matchSequence("C1", "x", op.getX().getType());
}

LogicalResult ActivationOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                             Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  types.push_back(op.getX().getType());
  return shapes.matchSequence("F1", "x", op.getX().getType());
}

LogicalResult ReshapeOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                          Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  Type type = op.getX().getType();
  if (!op.getHeads()) {
    if (failed(shapes.match("V1", "x", type, {"B", "T", "H", "d"}, shapes.f32())))
      return failure();
    shapes.bind("width", shapes["H"] * shapes["d"]);
    types.push_back(shapes.tensor({"B", "T", "width"}, shapes.f32()));
    return success();
  }
  if (failed(shapes.match("V1", "x", type, {"B", "T", "width"}, shapes.f32())))
    return failure();
  int64_t heads = *op.getHeads();
  if (heads <= 0 || shapes["width"] % heads != 0)
    return shapes.fail("V1", "expected heads to divide the width ", shapes["width"], ", found ", heads);
  shapes.bind("H", heads);
  shapes.bind("d", shapes["width"] / heads);
  types.push_back(shapes.tensor({"B", "T", "H", "d"}, shapes.f32()));
  return success();
}

LogicalResult LastRowOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                          Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("W1", "x", op.getX().getType(), {"B", "T", "D"}, shapes.f32())) ||
      failed(shapes.match("W1", "length", op.getLength().getType(), {"B"}, shapes.integer(32))))
    return failure();
  shapes.bind("1", 1);
  types.push_back(shapes.tensor({"B", "1", "D"}, shapes.f32()));
  return success();
}
