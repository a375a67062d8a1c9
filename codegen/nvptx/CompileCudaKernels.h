// From the tile kernels of a module to PTX, and to machine code where NVIDIA's assembler is at hand.
#pragma once

#include "codegen/nvptx/CudaKernels.h"
#include "codegen/target/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace rondo::codegen {

/// The dialects and interfaces that the lowering creates; to be added to the context's registry.
void registerCudaDialects(mlir::DialectRegistry &registry);

/// Compiles every tile.kernel of `module`, which is left as it is. Equal modules give equal PTX. Failures are
/// reported as diagnostics of the module's context. `observer` is called with a stage's name ("threads",
/// "scratch", "nvvm-dialect") and its module after the stage, `observePasses` with the passes before they
/// run.
mlir::FailureOr<CudaKernels>
compileCudaKernels(mlir::ModuleOp module, const target::Target &target,
                   llvm::function_ref<void(llvm::StringRef stage, mlir::ModuleOp module)> observer = nullptr,
                   llvm::function_ref<void(mlir::PassManager &passes)> observePasses = nullptr);

/// Makes the stages known to rondo-opt: rondo-lower-tiles-to-threads, rondo-convert-threads-to-nvvm.
void registerCudaPasses();

} // namespace rondo::codegen
