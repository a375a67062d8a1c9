// The pass that turns tile kernels into functions over vectors.
#ifndef RONDO_CODEGEN_CPU_LOWERTILESTOVECTORS_TD
#define RONDO_CODEGEN_CPU_LOWERTILESTOVECTORS_TD

include "mlir/Pass/PassBase.td"

def LowerTilesToVectors : Pass<"rondo-lower-tiles-to-vectors", "::mlir::ModuleOp"> {
  let summary = "tile kernels to functions over scf, memref and vectors of 16";
  let description = [{
    Replaces every `tile.kernel` by a `func.func` of its name that takes the buffers and a range of workgroups. Buffers in
    panels become memrefs with the panel as a dimension of its own. Tiles that need a place are `memref.alloca`s at the function's
    start, which `rondo-assign-scratch` turns into parts of the caller's scratch. Operands of products in bf16 are rounded once per
    tile, into such a place, and multiplied in f32.

    Before: verified kernels. After: no tile ops. Refuses ops without a lowering and tile constants that are not splats.
  }];
  let options = [
    Option<"rows", "rows", "int64_t", "8", "rows of a register tile">,
    Option<"depth", "depth", "int64_t", "256", "steps of k for which a panel stays in the first-level cache">,
  ];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect"];
}

#endif
