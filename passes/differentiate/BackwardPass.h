// Reverse mode on one block: gradients flow from seeds to the values that are wanted.
#pragma once

#include "dialects/rondo/BackwardOps.h"
#include "dialects/rondo/Rondo.h"

namespace rondo {

class BackwardPass {
public:
  // Ops are built right before `end`, the block's terminator; `wanted` are values of the block.
  BackwardPass(mlir::Operation *end, llvm::ArrayRef<mlir::Value> wanted);

  // `gradient` flows into `value`, in addition to what does already.
  void add(mlir::Value value, mlir::Value gradient);
  // The gradient of a loss itself.
  void seed(LossOpInterface loss, LossSeed seed);
  // Walks the ops backwards. Reports RND2109 at an op that has no derivative.
  llvm::LogicalResult build();
  // Null where nothing flowed.
  mlir::Value gradientOf(mlir::Value value) const { return gradients.lookup(value); }

private:
  llvm::LogicalResult differentiate(mlir::Operation &op);
  llvm::BitVector activeOperands(mlir::Operation *op) const;
  void spread(mlir::Operation *op, llvm::ArrayRef<mlir::Value> derivative);

  BackwardMarker marker;
  mlir::OpBuilder builder;
  llvm::SmallVector<mlir::Operation *> forward;       // in program order
  llvm::DenseSet<mlir::Value> active;                 // depends on a wanted value
  llvm::DenseMap<mlir::Value, mlir::Value> gradients; // complete once its op is reached
};

} // namespace rondo
