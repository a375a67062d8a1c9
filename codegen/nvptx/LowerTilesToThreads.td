// The pass that turns tile kernels into the programs of threads.
#ifndef RONDO_CODEGEN_NVPTX_LOWERTILESTOTHREADS_TD
#define RONDO_CODEGEN_NVPTX_LOWERTILESTOTHREADS_TD

include "mlir/Pass/PassBase.td"

def LowerTilesToThreads : Pass<"rondo-lower-tiles-to-threads", "::mlir::ModuleOp"> {
  let summary = "tile kernels to what one thread of a block does";
  let description = [{
    Replaces every `tile.kernel` by a `func.func` of its name that takes the buffers, in scf, arith, math, memref and gpu (thread and block
    numbers, barriers, exchanges within a warp), with the number of threads of a block as `rondo.threads`. Buffers in panels
    become memrefs with the panel as a dimension of its own. Tiles that need a place are `memref.alloca`s at the function's
    start, in memory space 3 (shared) as long as they fit in there together and otherwise, the largest first, in space 1 (the block's global
    scratch); `rondo-assign-scratch` lays them out.

    Before: verified kernels. After: no tile ops. Refuses ops without a lowering, tile constants that are not splats, and kernels whose
    slices of products (allocas marked `rondo.pinned`, which stay) do not fit into shared memory.
  }];
  let options = [
    Option<"threads", "threads", "int64_t", "0", "threads of a block, a power of two; 0: by the work of each kernel">,
    Option<"shared", "shared", "int64_t", "101376", "bytes of shared memory that a block may use">,
    Option<"tf32", "tf32", "bool", "false", "products on tensor cores, of operands rounded to tf32">,
    Option<"warpgroups", "warpgroups", "bool", "false", "products of bf16 operands on wgmma where they suit it">,
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect", "::mlir::func::FuncDialect", "::mlir::gpu::GPUDialect", "::mlir::memref::MemRefDialect", "::mlir::nvgpu::NVGPUDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect"];
}

#endif
