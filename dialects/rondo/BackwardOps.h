// The mark of ops that belong to a backward pass, recomputed ones included: see docs/compiler/training.md.
#pragma once

#include "mlir/IR/Builders.h"

namespace rondo {

inline constexpr llvm::StringRef kBackwardAttribute = "rondo.backward";

inline bool isBackward(mlir::Operation *op) { return op->hasAttr(kBackwardAttribute); }

// Marks every op that a builder with this listener makes.
struct BackwardMarker : mlir::OpBuilder::Listener {
  void notifyOperationInserted(mlir::Operation *op, mlir::OpBuilder::InsertPoint) override {
    op->setAttr(kBackwardAttribute, mlir::UnitAttr::get(op->getContext()));
  }
};

} // namespace rondo
