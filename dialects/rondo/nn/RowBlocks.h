// How sums over all rows are cut: each block of positions is summed by a workgroup of its own.
#pragma once

#include "mlir/IR/BuiltinTypes.h"

namespace rondo {

// Positions per block of a sequence tensor of this type; its sizes alone decide.
int64_t blockPositions(mlir::RankedTensorType rows);

} // namespace rondo
