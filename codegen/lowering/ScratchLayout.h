// Where a function's local buffers lie in its scratch: first fit over their lifetimes.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace rondo::codegen {

struct ScratchLayout {
  struct Place {
    mlir::memref::AllocaOp op;
    int64_t offset; // in bytes, like the size
    int64_t bytes;
  };
  llvm::SmallVector<Place> places; // the largest first
  int64_t bytes = 0;               // of all together; buffers that are never alive at once share theirs
};

/// Of the allocas of static size in the entry block, in memory space `space`. A buffer is alive from its
/// first to its last use and on to the next gpu.barrier, if there is one, and throughout a loop that it is
/// used in but not only in.
ScratchLayout layOutScratch(mlir::func::FuncOp function, unsigned space);

} // namespace rondo::codegen
