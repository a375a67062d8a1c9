// The pass that lays out a kernel's scratch.
#ifndef RONDO_CODEGEN_CPU_ASSIGNSCRATCH_TD
#define RONDO_CODEGEN_CPU_ASSIGNSCRATCH_TD

include "mlir/Pass/PassBase.td"

def AssignScratch : Pass<"rondo-assign-scratch", "::mlir::func::FuncOp"> {
  let summary = "local buffers of a kernel to parts of one scratch argument";
  let description = [{
    Gives every `memref.alloca` a fixed offset in a scratch buffer, a new last argument, such that buffers that are alive at the same time do not
    overlap, and records the size as `rondo.scratch_bytes`. A buffer is alive from its first to its last use, and throughout a
    loop that it is used in but not only in.

    Before: allocas of static size in the entry block. After: none.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

#endif
