// Shape rules of what the derivative of attention is made of.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/attention/AttentionTypes.h"

using namespace mlir;
using namespace rondo;

LogicalResult AttentionRowDotsOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                                   Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  for (auto [name, value] : {std::pair("o", op.getO()), std::pair("d_o", op.getDO())})
    if (failed(shapes.match("AR1", name, value.getType(), {"B", "T", "H", "Dv"}, shapes.f32())))
      return failure();
  if (op.getDLse() &&
      failed(shapes.match("AR1", "d_lse", op.getDLse().getType(), {"B", "T", "H"}, shapes.f32())))
    return failure();
  shapes.bind("1", 1);
  types.push_back(shapes.tensor({"B", "T", "H", "1"}, shapes.f32()));
  return success();
}

// Everything but delta and caches.
template <typename Adaptor>
static LogicalResult matchGradOperands(ShapeMatcher &shapes, StringRef rule, Adaptor op) {
  if (failed(matchAttentionOperands(shapes, rule, op)) ||
      failed(shapes.match(rule, "lse", op.getLse().getType(), {"B", "T", "H"}, shapes.f32())) ||
      failed(shapes.match(rule, "d_o", op.getDO().getType(), {"B", "T", "H", "Dv"}, shapes.f32())))
    return failure();
  return matchDocuments(shapes, rule, op.getPositions(), op.getDocumentIndex(), op.getDocumentBounds(),
                        op.getBidirectional());
}

template <typename Adaptor> static LogicalResult matchDelta(ShapeMatcher &shapes, Adaptor op) {
  if (failed(shapes.match("AG1", "delta", op.getDelta().getType(), {"B", "T", "H", "P"}, shapes.f32())))
    return failure();
  if (shapes["P"] != 1 && shapes["P"] != op.getDilation().getPatternCount())
    return shapes.fail("AG1", "expected delta with 1 or ", op.getDilation().getPatternCount(),
                       " numbers, found ", shapes["P"]);
  return success();
}

LogicalResult AttentionPatternDotsOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                                       Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(matchGradOperands(shapes, "AP1", op)) ||
      failed(matchCaches(shapes, "AP1", op.getCaches(), op.getDilation(), op.getDocumentIndex())))
    return failure();
  if (op.getDLse() &&
      failed(shapes.match("AP1", "d_lse", op.getDLse().getType(), {"B", "T", "H"}, shapes.f32())))
    return failure();
  shapes.bind("P", op.getDilation().getPatternCount());
  types.push_back(shapes.tensor({"B", "T", "H", "P"}, shapes.f32()));
  return success();
}

LogicalResult AttentionGradQueriesOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                                       Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(matchGradOperands(shapes, "AG1", op)) || failed(matchDelta(shapes, op)) ||
      failed(matchCaches(shapes, "AG1", op.getCaches(), op.getDilation(), op.getDocumentIndex())))
    return failure();
  types.push_back(op.getQ().getType());
  return success();
}

LogicalResult AttentionGradientsOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                                     Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(matchGradOperands(shapes, "AG1", op)) || failed(matchDelta(shapes, op)) ||
      failed(matchCaches(shapes, "AG1", op.getCaches(), op.getDilation(), op.getDocumentIndex())))
    return failure();
  for (Value operand : {op.getQ(), op.getK(), op.getV()})
    types.push_back(operand.getType());
  return success();
}

LogicalResult AttentionGradKeysOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                                    Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(matchGradOperands(shapes, "AG1", op)) || failed(matchDelta(shapes, op)))
    return failure();
  types.push_back(op.getK().getType());
  types.push_back(op.getV().getType());
  return success();
}
