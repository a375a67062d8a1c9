// The pass from the programs of threads to NVVM kernels.
#ifndef RONDO_CODEGEN_NVPTX_CONVERTTHREADSTONVVM_TD
#define RONDO_CODEGEN_NVPTX_CONVERTTHREADSTONVVM_TD

include "mlir/Pass/PassBase.td"

def ConvertThreadsToNVVM : Pass<"rondo-convert-threads-to-nvvm", "::mlir::ModuleOp"> {
  let summary = "programs of threads to kernels in the LLVM and NVVM dialects";
  let description = [{
    Every function that `rondo-lower-tiles-to-threads` made and `rondo-assign-scratch` gave shared memory and scratch (in this order, its two
    last arguments) becomes a kernel as runtime/format/CudaKernelAbi.h says: its shared memory is the block's dynamic shared memory, its
    scratch is the block's part of the first of two trailing parameters. Indices have 32 bits where no buffer has more elements.

    Before: functions with rondo.threads, rondo.shared_bytes and rondo.scratch_bytes. After: llvm.func with nvvm.kernel.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect", "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect"];
}

#endif
