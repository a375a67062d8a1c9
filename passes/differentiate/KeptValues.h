// Which values of a forward pass its backward pass reads, and which of them are computed again.
#pragma once

#include "dialects/rondo/Rondo.h"
#include "llvm/ADT/SetVector.h"

namespace rondo {

// Values are followed through reshapes, which are views.
class KeptValues {
public:
  explicit KeptValues(mlir::Block &block);

  int64_t bytes() const;
  llvm::ArrayRef<mlir::Operation *> forwardOps() const { return forward; }
  bool isRecomputed(mlir::Operation *op) const { return recomputed.contains(op); }

  // Computes `op` again if what must then be kept instead is smaller; true if so.
  bool tryRecompute(mlir::Operation *op);
  // Computes all of `ops`, in program order, again if fewer bytes are kept then; true if so.
  bool tryRecomputeAll(llvm::ArrayRef<mlir::Operation *> ops);

private:
  bool isKept(mlir::Value value) const { return kept.contains(value); }
  // Values that have memory of their own and are read by the copies of recomputed ops from `value` on.
  void addLeaves(mlir::Value value, llvm::SetVector<mlir::Value> &leaves) const;

  llvm::SmallVector<mlir::Operation *> forward; // in program order
  llvm::SetVector<mlir::Value> kept;
  llvm::DenseSet<mlir::Operation *> recomputed;
};

} // namespace rondo
