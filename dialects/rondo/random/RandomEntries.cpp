// Random ops in training and in inference, and their derivatives.
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

int64_t DropoutOp::getStreamId() { return static_cast<int64_t>(getId().value_or(0)); }

SmallVector<Value> DropoutOp::buildTraining(OpBuilder &builder, ValueRange operands, Value stream) {
  return {DropoutOp::create(builder, getLoc(), operands[0], stream, getRateAttr(), IntegerAttr())};
}

SmallVector<Value> DropoutOp::buildInference(OpBuilder &, ValueRange operands) { return {operands[0]}; }

SmallVector<Value> DropoutOp::buildDerivative(OpBuilder &builder, ValueRange cotangents, const BitVector &) {
  return {DropoutOp::create(builder, getLoc(), cotangents[0], getStream(), getRateAttr(), IntegerAttr()),
          Value()};
}
