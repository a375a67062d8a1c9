// The pass that lays out a kernel's scratch.
#ifndef RONDO_CODEGEN_LOWERING_ASSIGNSCRATCH_TD
#define RONDO_CODEGEN_LOWERING_ASSIGNSCRATCH_TD

include "mlir/Pass/PassBase.td"

def AssignScratch : Pass<"rondo-assign-scratch", "::mlir::func::FuncOp"> {
  let summary = "local buffers of a kernel to parts of one scratch argument";
  let description = [{
    Gives every `memref.alloca` a fixed offset in a scratch buffer, a new last argument, such that buffers that are alive at the same time do not
    overlap, and records the size as `rondo.scratch_bytes`. A buffer is alive from its first to its last use, and on to the next
    `gpu.barrier` if there is one, and throughout a loop that it is used in but not only in.

    `space` picks the memory space whose allocas are meant, where a machine has more than one; `attribute` names the size.

    Before: allocas of static size in the entry block. After: none of that space.
  }];
  let options = [
    Option<"space", "space", "unsigned", "0", "memory space of the allocas and of the argument">,
    Option<"attribute", "attribute", "std::string", "\"rondo.scratch_bytes\"", "name of the attribute with the size in bytes">,
  ];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

#endif
