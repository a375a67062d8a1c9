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
