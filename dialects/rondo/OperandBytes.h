// Sizes of static tensors, for counting an op's work.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace rondo {

inline double elementCount(mlir::Value value) {
  return static_cast<double>(llvm::cast<mlir::RankedTensorType>(value.getType()).getNumElements());
}

inline double byteCount(mlir::Value value) {
  auto type = llvm::cast<mlir::RankedTensorType>(value.getType());
  return elementCount(value) * type.getElementTypeBitWidth() / 8;
}

// Operands and results, once each; unused results are not written.
inline double bytesOfOperandsAndResults(mlir::Operation *op) {
  double bytes = 0;
  for (mlir::Value operand : op->getOperands())
    bytes += byteCount(operand);
  for (mlir::Value result : op->getResults())
    if (!result.use_empty())
      bytes += byteCount(result);
  return bytes;
}

} // namespace rondo
