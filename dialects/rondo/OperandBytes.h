// Sizes of static tensors, for counting an op's work.
#pragma once

#include "dialects/rondo/RondoAttrs.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace rondo {

// Bytes that a tensor occupies in its storage layout, the padding of panels included.
inline int64_t storageBytes(mlir::RankedTensorType type) {
  int64_t elements = type.getNumElements();
  if (auto layout = llvm::dyn_cast_or_null<LayoutAttr>(type.getEncoding()))
    elements = llvm::alignTo(type.getDimSize(0), layout.getPanel()) * type.getDimSize(1);
  return elements * static_cast<int64_t>(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
}

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
