// Shape rules of the layer ops' gradients.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/ShapeMatcher.h"
#include "dialects/rondo/nn/RowBlocks.h"

#include <algorithm>

using namespace mlir;
using namespace rondo;

using Types = SmallVectorImpl<Type>;
using MaybeLocation = std::optional<Location>;

LogicalResult LinearGradInputOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                                  Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("LG1", "dy", op.getDy().getType(), {"B", "T", "N"}, shapes.f32())) ||
      failed(shapes.match("LG1", "weight", op.getWeight().getType(), {"N", "K"}, shapes.f32())))
    return failure();
  types.push_back(shapes.tensor({"B", "T", "K"}, shapes.f32()));
  return success();
}

LogicalResult LinearGradWeightOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                                   Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("LG2", "dy", op.getDy().getType(), {"B", "T", "N"}, shapes.f32())) ||
      failed(shapes.matchRows("LG2", "x", op.getX().getType(), "K", shapes.f32())))
    return failure();
  types.push_back(shapes.tensor({"N", "K"}, shapes.f32()));
  return success();
}

LogicalResult EmbeddingGradOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                                Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("EG1", "tokens", op.getTokens().getType(), {"B", "T"}, shapes.integer(32))) ||
      failed(shapes.match("EG1", "dy", op.getDy().getType(), {"B", "T", "D"}, shapes.f32())))
    return failure();
  int64_t vocabulary = op.getVocabulary();
  if (vocabulary <= 0)
    return shapes.fail("EG1", "expected a vocabulary of at least 1, found ", vocabulary);
  shapes.bind("V", vocabulary);
  types.push_back(shapes.tensor({"V", "D"}, shapes.f32()));
  return success();
}

// x and dy of one shape with a width; binds "last".
static LogicalResult matchNormed(ShapeMatcher &shapes, Type x, Type dy) {
  if (failed(shapes.matchSequence("NG1", "x", x)) || failed(shapes.matchSequence("NG1", "dy", dy)))
    return failure();
  ArrayRef<int64_t> left = cast<RankedTensorType>(x).getShape(),
                    right = cast<RankedTensorType>(dy).getShape();
  if (left.size() < 3 || left.drop_front(2) != right.drop_front(2))
    return shapes.fail("NG1", "expected x and dy of one shape with a width, found ", x, " and ", dy);
  shapes.bind("last", left.back());
  return success();
}

static LogicalResult inferNormGrad(ShapeMatcher &shapes, Type x, Type dy, Value weight, Types &types) {
  if (failed(matchNormed(shapes, x, dy)) ||
      (weight && failed(shapes.match("NG1", "weight", weight.getType(), {"last"}, shapes.f32()))))
    return failure();
  types.push_back(x);
  return success();
}

static LogicalResult inferNormGradWeight(ShapeMatcher &shapes, Type x, Type dy, Types &types) {
  if (failed(matchNormed(shapes, x, dy)))
    return failure();
  types.push_back(shapes.tensor({"last"}, shapes.f32()));
  return success();
}

// One row of "last" per block of positions.
static void pushBlocks(ShapeMatcher &shapes, Type rows, Types &types) {
  shapes.bind("P", llvm::divideCeil(shapes["B"] * shapes["T"], blockPositions(cast<RankedTensorType>(rows))));
  types.push_back(shapes.tensor({"P", "last"}, shapes.f32()));
}

static LogicalResult inferNormGradBlocks(ShapeMatcher &shapes, Type x, Type dy, Types &types) {
  if (failed(matchNormed(shapes, x, dy)))
    return failure();
  pushBlocks(shapes, x, types);
  return success();
}

LogicalResult RmsNormGradOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                              Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  return inferNormGrad(shapes, op.getX().getType(), op.getDy().getType(), op.getWeight(), types);
}

LogicalResult RmsNormGradWeightOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                                    Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  return inferNormGradWeight(shapes, op.getX().getType(), op.getDy().getType(), types);
}

LogicalResult RmsNormGradBlocksOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                                    Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  return inferNormGradBlocks(shapes, op.getX().getType(), op.getDy().getType(), types);
}

LogicalResult LayerNormGradOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                                Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  return inferNormGrad(shapes, op.getX().getType(), op.getDy().getType(), op.getWeight(), types);
}

LogicalResult LayerNormGradWeightOp::inferReturnTypes(MLIRContext *context, MaybeLocation location,
                                                      Adaptor op, Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  return inferNormGradWeight(shapes, op.getX().getType(), op.getDy().getType(), types);
}

LogicalResult LayerNormGradBlocksOp::inferReturnTypes(MLIRContext *context, MaybeLocation location,
                                                      Adaptor op, Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  return inferNormGradBlocks(shapes, op.getX().getType(), op.getDy().getType(), types);
}

int64_t rondo::blockPositions(RankedTensorType rows) {
  return std::max<int64_t>(64, llvm::divideCeil(rows.getDimSize(0) * rows.getDimSize(1), 64));
}

// Binds "last".
static LogicalResult matchSummed(ShapeMatcher &shapes, Type dy) {
  if (failed(shapes.matchSequence("SR1", "dy", dy)))
    return failure();
  if (cast<RankedTensorType>(dy).getRank() < 3)
    return shapes.fail("SR1", "expected dy to have a width, found ", dy);
  shapes.bind("last", cast<RankedTensorType>(dy).getShape().back());
  return success();
}

LogicalResult SumRowsOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                          Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(matchSummed(shapes, op.getDy().getType())))
    return failure();
  types.push_back(shapes.tensor({"last"}, shapes.f32()));
  return success();
}

LogicalResult SumRowsBlocksOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                                Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(matchSummed(shapes, op.getDy().getType())))
    return failure();
  pushBlocks(shapes, op.getDy().getType(), types);
  return success();
}

LogicalResult SumBlocksOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                            Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("SB1", "sums", op.getSums().getType(), {"P", "D"}, shapes.f32())))
    return failure();
  types.push_back(shapes.tensor({"D"}, shapes.f32()));
  return success();
}

static LogicalResult verifyEps(Operation *op, FloatAttr eps) {
  if (eps.getValue().isNegative() || eps.getValue().isNaN())
    return op->emitOpError("NG2: expected eps >= 0, found ") << eps;
  return success();
}
LogicalResult RmsNormGradOp::verify() { return verifyEps(*this, getEpsAttr()); }
LogicalResult RmsNormGradWeightOp::verify() { return verifyEps(*this, getEpsAttr()); }
LogicalResult RmsNormGradBlocksOp::verify() { return verifyEps(*this, getEpsAttr()); }
LogicalResult LayerNormGradOp::verify() { return verifyEps(*this, getEpsAttr()); }
LogicalResult LayerNormGradWeightOp::verify() { return verifyEps(*this, getEpsAttr()); }
LogicalResult LayerNormGradBlocksOp::verify() { return verifyEps(*this, getEpsAttr()); }

LogicalResult ActivationGradOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                                 Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  Type x = op.getX().getType(), dy = op.getDy().getType();
  if (failed(shapes.matchSequence("A1", "x", x)) || failed(shapes.matchSequence("A1", "dy", dy)))
    return failure();
  if (cast<RankedTensorType>(x).getShape().drop_front(2) !=
      cast<RankedTensorType>(dy).getShape().drop_front(2))
    return shapes.fail("A1", "expected two tensors of one shape, found ", x, " and ", dy);
  types.push_back(x);
  return success();
}

LogicalResult SumHeadsOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                           Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("SH1", "x", op.getX().getType(), {"B", "T", "H", "d"}, shapes.f32())))
    return failure();
  int64_t heads = op.getHeads();
  if (heads <= 0 || shapes["H"] % heads != 0)
    return shapes.fail("SH1", "expected heads to divide ", shapes["H"], ", found ", heads);
  shapes.bind("G", heads);
  types.push_back(shapes.tensor({"B", "T", "G", "d"}, shapes.f32()));
  return success();
}

LogicalResult SegmentStartsOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                                Types &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("SS1", "segments", op.getSegments().getType(), {"B", "T"}, shapes.integer(32))))
    return failure();
  types.push_back(shapes.tensor({"B", "T"}, shapes.integer(8)));
  return success();
}

// The plan gives a gradient its parameter's storage layout.
bool LinearGradWeightOp::isCompatibleReturnTypes(TypeRange a, TypeRange b) { return equalButForLayout(a, b); }
bool EmbeddingGradOp::isCompatibleReturnTypes(TypeRange a, TypeRange b) { return equalButForLayout(a, b); }
bool SumBlocksOp::isCompatibleReturnTypes(TypeRange a, TypeRange b) { return equalButForLayout(a, b); }
bool SumRowsOp::isCompatibleReturnTypes(TypeRange a, TypeRange b) { return equalButForLayout(a, b); }
bool LayerNormGradWeightOp::isCompatibleReturnTypes(TypeRange a, TypeRange b) {
  return equalButForLayout(a, b);
}
bool RmsNormGradWeightOp::isCompatibleReturnTypes(TypeRange a, TypeRange b) {
  return equalButForLayout(a, b);
}
