// How ops on tiles take part in the evaluation of expressions.
#pragma once

#include "dialects/tile/Tile.h"

namespace rondo::codegen {

/// Each element of the result comes from the elements of the operands at the same place.
inline bool isElementwise(mlir::Operation *op) { return op->hasTrait<mlir::OpTrait::Elementwise>(); }

/// The op makes a tile that is evaluated inside the loop nest of a sink.
inline bool isDeferred(mlir::Operation *op) {
  return op->getNumResults() == 1 && mlir::isa<mlir::RankedTensorType>(op->getResult(0).getType()) &&
         op->getNumRegions() == 0 && !mlir::isa<tile::ReduceOp, tile::ScanOp>(op);
}

} // namespace rondo::codegen
