// From the tile kernels of a module to machine code for a CPU.
#pragma once

#include "codegen/cpu/CpuImage.h"
#include "codegen/target/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

namespace rondo::codegen {

/// Called with a stage's name ("vectors", "scratch", "llvm-dialect") and its module after the stage.
using StageObserver = llvm::function_ref<void(llvm::StringRef stage, mlir::ModuleOp module)>;
/// Called with the passes of every stage before they run.
using PassObserver = llvm::function_ref<void(mlir::PassManager &passes)>;

/// The dialects and interfaces that the lowering of kernels creates; to be added to the context's registry.
void registerCpuDialects(mlir::DialectRegistry &registry);

/// Compiles every tile.kernel of `module`, which is left as it is, into one image. Equal modules give equal
/// bytes. Failures are reported as diagnostics of the module's context.
mlir::FailureOr<CpuImage> compileKernels(mlir::ModuleOp module, const target::Target &target,
                                         StageObserver observer = nullptr,
                                         PassObserver observePasses = nullptr);

/// Makes the stages known to rondo-opt: rondo-lower-tiles-to-vectors,
/// rondo-convert-kernels-to-llvm.
void registerCpuPasses();

} // namespace rondo::codegen
