// Counted work of the layer ops' gradients.
#include "dialects/rondo/OperandBytes.h"
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

static constexpr double kTranscendental = 8;

static double columns(Value matrix) {
  return static_cast<double>(cast<RankedTensorType>(matrix.getType()).getShape().back());
}

Work LinearGradInputOp::getWork() {
  return {.matmulFlops = 2 * elementCount(getDy()) * columns(getWeight()),
          .bytes = bytesOfOperandsAndResults(*this)};
}

Work LinearGradWeightOp::getWork() {
  return {.matmulFlops = 2 * elementCount(getDy()) * columns(getDw()),
          .bytes = bytesOfOperandsAndResults(*this)};
}

Work EmbeddingGradOp::getWork() {
  return {.vectorFlops = elementCount(getDy()), .bytes = bytesOfOperandsAndResults(*this)};
}

static Work perInputElement(Operation *op, double flops) {
  return {.vectorFlops = flops * elementCount(op->getOperand(0)), .bytes = bytesOfOperandsAndResults(op)};
}

Work RmsNormGradOp::getWork() { return perInputElement(*this, 8); }
Work RmsNormGradWeightOp::getWork() { return perInputElement(*this, 5); }
Work RmsNormGradBlocksOp::getWork() { return perInputElement(*this, 5); }
Work LayerNormGradOp::getWork() { return perInputElement(*this, 12); }
Work LayerNormGradWeightOp::getWork() { return perInputElement(*this, 7); }
Work LayerNormGradBlocksOp::getWork() { return perInputElement(*this, 7); }

Work SumRowsOp::getWork() { return perInputElement(*this, 1); }
Work SumRowsBlocksOp::getWork() { return perInputElement(*this, 1); }

Work SumBlocksOp::getWork() {
  return {.vectorFlops = elementCount(getSums()), .bytes = bytesOfOperandsAndResults(*this)};
}

Work ActivationGradOp::getWork() {
  double flops = getKind() == Activation::Relu ? 1 : kTranscendental + 5;
  return {.vectorFlops = flops * elementCount(getX()), .bytes = bytesOfOperandsAndResults(*this)};
}

Work SumHeadsOp::getWork() {
  return {.vectorFlops = elementCount(getX()), .bytes = bytesOfOperandsAndResults(*this)};
}

Work SegmentStartsOp::getWork() {
  return {.vectorFlops = elementCount(getReset()), .bytes = bytesOfOperandsAndResults(*this)};
}
