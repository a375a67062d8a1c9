// Counted work of the scoring ops.
#include "dialects/rondo/OperandBytes.h"
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

Work LinearLogProbOp::getWork() {
  auto weight = cast<RankedTensorType>(getWeight().getType());
  double rows = elementCount(getTargets());
  double vocabulary = static_cast<double>(weight.getDimSize(0)),
         depth = static_cast<double>(weight.getDimSize(1));
  // Per score one exponential (8), its difference from the maximum, the running maximum and sum.
  return {.matmulFlops = 2 * rows * vocabulary * depth,
          .vectorFlops = 11 * rows * vocabulary,
          .bytes = bytesOfOperandsAndResults(*this)};
}

// The scores once more, and their product with the weight or the rows; per score one exponential and the
// factor.
static Work gradientWork(Operation *op, Value targets, Value weight) {
  auto type = cast<RankedTensorType>(weight.getType());
  double scores = elementCount(targets) * static_cast<double>(type.getDimSize(0));
  return {.matmulFlops = 4 * scores * static_cast<double>(type.getDimSize(1)),
          .vectorFlops = 10 * scores,
          .bytes = bytesOfOperandsAndResults(op)};
}

Work LinearLogProbGradInputOp::getWork() { return gradientWork(*this, getTargets(), getWeight()); }

Work LinearLogProbGradWeightOp::getWork() { return gradientWork(*this, getTargets(), getWeight()); }

Work MeanLossOp::getWork() {
  return {.vectorFlops = 3 * elementCount(getLogProb()), .bytes = bytesOfOperandsAndResults(*this)};
}

Work MeanLossGradOp::getWork() {
  return {.vectorFlops = elementCount(getDLogProb()), .bytes = bytesOfOperandsAndResults(*this)};
}
