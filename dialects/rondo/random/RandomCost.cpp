// Counted work of the random ops.
#include "dialects/rondo/OperandBytes.h"
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

// A word of Philox takes ten rounds of a product, a shift and two exclusive ors for half a word's lane; then
// a comparison and a product.
static constexpr double kDropoutFlops = 22;

Work RandomStreamsOp::getWork() { return {.bytes = bytesOfOperandsAndResults(*this)}; }

Work DropoutOp::getWork() {
  return {.vectorFlops = kDropoutFlops * elementCount(getY()), .bytes = bytesOfOperandsAndResults(*this)};
}
