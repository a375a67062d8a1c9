// Derivatives of the layer ops.
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

using Gradients = SmallVector<Value>;

// A gradient by `like`, made as rows: brought back to heads where `like` has them.
static Value likeOperand(OpBuilder &builder, Value gradient, Value like) {
  auto type = cast<RankedTensorType>(like.getType());
  if (type.getRank() != 4)
    return gradient;
  return ReshapeOp::create(builder, gradient.getLoc(), gradient,
                           builder.getI64IntegerAttr(type.getDimSize(2)));
}

Gradients EmbeddingOp::buildDerivative(OpBuilder &builder, ValueRange cotangents, const BitVector &) {
  int64_t vocabulary = cast<RankedTensorType>(getTable().getType()).getDimSize(0);
  return {Value(), EmbeddingGradOp::create(builder, getLoc(), getTokens(), cotangents[0], vocabulary)};
}

Gradients LinearOp::buildDerivative(OpBuilder &builder, ValueRange cotangents, const BitVector &wanted) {
  Gradients gradients(2);
  if (wanted[0])
    gradients[0] = likeOperand(
        builder, LinearGradInputOp::create(builder, getLoc(), cotangents[0], getWeight()), getX());
  if (wanted[1])
    gradients[1] = LinearGradWeightOp::create(builder, getLoc(), cotangents[0], getX());
  return gradients;
}

Gradients RmsNormOp::buildDerivative(OpBuilder &builder, ValueRange cotangents, const BitVector &wanted) {
  Gradients gradients(getNumOperands());
  if (wanted[0])
    gradients[0] = RmsNormGradOp::create(builder, getLoc(), getX(), cotangents[0], getWeight(), getEpsAttr());
  if (getWeight() && wanted[1])
    gradients[1] = RmsNormGradWeightOp::create(builder, getLoc(), getX(), cotangents[0], getEpsAttr());
  return gradients;
}

Gradients LayerNormOp::buildDerivative(OpBuilder &builder, ValueRange cotangents, const BitVector &wanted) {
  Gradients gradients(getNumOperands());
  if (wanted[0])
    gradients[0] =
        LayerNormGradOp::create(builder, getLoc(), getX(), cotangents[0], getWeight(), getEpsAttr());
  if (getWeight() && wanted[1])
    gradients[1] = LayerNormGradWeightOp::create(builder, getLoc(), getX(), cotangents[0], getEpsAttr());
  return gradients;
}

Gradients AddBiasOp::buildDerivative(OpBuilder &builder, ValueRange cotangents, const BitVector &wanted) {
  Gradients gradients{cotangents[0], Value()};
  if (wanted[1])
    gradients[1] = SumRowsOp::create(builder, getLoc(), cotangents[0]);
  return gradients;
}

Gradients RotateOp::buildDerivative(OpBuilder &builder, ValueRange cotangents, const BitVector &) {
  return {RotateOp::create(builder, getLoc(), cotangents[0], getCos(), getSin(), getPairs(), !getInverse()),
          Value(), Value()};
}

Gradients AddOp::buildDerivative(OpBuilder &, ValueRange cotangents, const BitVector &) {
  return {cotangents[0], cotangents[0]};
}

Gradients MulOp::buildDerivative(OpBuilder &builder, ValueRange cotangents, const BitVector &wanted) {
  Gradients gradients(2);
  if (wanted[0])
    gradients[0] = MulOp::create(builder, getLoc(), cotangents[0], getRhs());
  if (wanted[1])
    gradients[1] = MulOp::create(builder, getLoc(), cotangents[0], getLhs());
  return gradients;
}

Gradients ScaleOp::buildDerivative(OpBuilder &builder, ValueRange cotangents, const BitVector &) {
  return {ScaleOp::create(builder, getLoc(), cotangents[0], getFactorAttr())};
}

Gradients ActivationOp::buildDerivative(OpBuilder &builder, ValueRange cotangents, const BitVector &) {
  return {ActivationGradOp::create(builder, getLoc(), getKind(), getX(), cotangents[0])};
}

Gradients ReshapeOp::buildDerivative(OpBuilder &builder, ValueRange cotangents, const BitVector &) {
  if (getHeads())
    return {ReshapeOp::create(builder, getLoc(), cotangents[0], IntegerAttr())};
  return {likeOperand(builder, cotangents[0], getX())};
}
