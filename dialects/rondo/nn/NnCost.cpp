// Counted work of the layer ops. A transcendental function counts as 8 FLOPs, a division or root as 1.
#include "dialects/rondo/OperandBytes.h"
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

static constexpr double kTranscendental = 8;

// `flops` for each element of the op's first result.
static Work elementwise(Operation *op, double flops) {
  return {.vectorFlops = flops * elementCount(op->getResult(0)), .bytes = bytesOfOperandsAndResults(op)};
}

Work EmbeddingOp::getWork() {
  // The rows that are looked up, not the whole table.
  return {.bytes = byteCount(getTokens()) + 2 * byteCount(getY())};
}

Work LinearOp::getWork() {
  double depth = static_cast<double>(cast<RankedTensorType>(getWeight().getType()).getDimSize(1));
  return {.matmulFlops = 2 * depth * elementCount(getY()), .bytes = bytesOfOperandsAndResults(*this)};
}

Work RmsNormOp::getWork() { return elementwise(*this, getWeight() ? 4 : 3); }

Work LayerNormOp::getWork() { return elementwise(*this, getWeight() ? 6 : 5); }

Work AddBiasOp::getWork() { return elementwise(*this, 1); }

Work PositionsOp::getWork() { return elementwise(*this, 1); }

Work RotaryTableOp::getWork() { return elementwise(*this, 2 * kTranscendental); }

Work RotateOp::getWork() { return elementwise(*this, 3); }

Work AddOp::getWork() { return elementwise(*this, 1); }

Work MulOp::getWork() { return elementwise(*this, 1); }

Work ScaleOp::getWork() { return elementwise(*this, 1); }

Work ActivationOp::getWork() {
  switch (getKind()) {
  case Activation::Relu:
    return elementwise(*this, 1);
  case Activation::Tanh:
    return elementwise(*this, kTranscendental);
  case Activation::Sigmoid:
    return elementwise(*this, kTranscendental + 2);
  case Activation::Silu:
  case Activation::Gelu:
    return elementwise(*this, kTranscendental + 3);
  }
  llvm_unreachable("every activation has a count");
}

Work ReshapeOp::getWork() { return {}; }

Work LastRowOp::getWork() { return {.bytes = 2 * byteCount(getY()) + byteCount(getLength())}; }
