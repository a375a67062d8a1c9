// Counted work of the optimiser ops.
#include "dialects/rondo/OperandBytes.h"
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

Work AccumulateOp::getWork() {
  return {.vectorFlops = elementCount(getValue()), .bytes = 3 * byteCount(getValue())};
}

Work AddGradientsOp::getWork() {
  return {.vectorFlops = elementCount(getSum()), .bytes = bytesOfOperandsAndResults(*this)};
}

Work SquareSumOp::getWork() {
  return {.vectorFlops = 2 * elementCount(getGradient()), .bytes = bytesOfOperandsAndResults(*this)};
}

Work AdamRatesOp::getWork() {
  double sums = 0;
  for (Value operand : getSums())
    sums += elementCount(operand);
  return {.vectorFlops = sums, .bytes = bytesOfOperandsAndResults(*this)};
}

// Reads gradient, parameter and both moments, writes three of them.
Work AdamWOp::getWork() {
  return {.vectorFlops = 15 * elementCount(getGradient()), .bytes = 7 * byteCount(getGradient())};
}
