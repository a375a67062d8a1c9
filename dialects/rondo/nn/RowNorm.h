// What the RMS norm and its gradients share.
#pragma once

#include "mlir/IR/Builders.h"

namespace rondo {

// 1 / sqrt(mean(x^2) + eps) of each row of `x`, `[M, N]` -> `[M]`.
mlir::Value inverseNorm(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x, double eps);

} // namespace rondo
