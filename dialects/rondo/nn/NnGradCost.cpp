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

Work RmsNormGradOp::getWork() {
  return {.vectorFlops = 8 * elementCount(getX()), .bytes = bytesOfOperandsAndResults(*this)};
}

Work RmsNormGradWeightOp::getWork() {
  return {.vectorFlops = 5 * elementCount(getX()), .bytes = bytesOfOperandsAndResults(*this)};
}

Work RmsNormGradBlocksOp::getWork() {
  return {.vectorFlops = 5 * elementCount(getX()), .bytes = bytesOfOperandsAndResults(*this)};
}

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
