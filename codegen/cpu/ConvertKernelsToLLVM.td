// The pass that brings lowered kernels into the LLVM dialect.
#ifndef RONDO_CODEGEN_CPU_CONVERTKERNELSTOLLVM_TD
#define RONDO_CODEGEN_CPU_CONVERTKERNELSTOLLVM_TD

include "mlir/Pass/PassBase.td"

def ConvertKernelsToLLVM : Pass<"rondo-convert-kernels-to-llvm", "::mlir::ModuleOp"> {
  let summary = "functions over scf, memref and vectors to the LLVM dialect";
  let description = [{
    Converts whole functions in one step; memrefs become bare pointers. Before: what `rondo-assign-scratch` and
    `rondo-expand-math` leave. After: the LLVM dialect alone.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::cf::ControlFlowDialect"];
}

#endif
