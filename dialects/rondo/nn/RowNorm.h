// What the norms and their gradients share.
#pragma once

#include "mlir/IR/Builders.h"

namespace rondo {

// `x` less the mean of each row, `[M, N]` -> `[M, N]`.
mlir::Value centred(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

// 1 / sqrt(mean(x^2) + eps) of each row of `x`, `[M, N]` -> `[M]`.
mlir::Value inverseNorm(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x, double eps);

} // namespace rondo
