// Ops of a graph that nothing needs.
#pragma once

#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace rondo {

// Erases the ops without effects whose results have no users, last first, so that those that only they used
// go as well.
inline void eraseDeadOps(mlir::Block &block) {
  for (mlir::Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (mlir::isOpTriviallyDead(&op))
      op.erase();
}

} // namespace rondo
