// How a backend's lowering runs: stages of passes, one after the other, that others may look into.
#pragma once

#include "codegen/target/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace rondo::codegen {

/// Called with a stage's name and its module after the stage.
using StageObserver = llvm::function_ref<void(llvm::StringRef stage, mlir::ModuleOp module)>;
/// Called with the passes of every stage before they run.
using PassObserver = llvm::function_ref<void(mlir::PassManager &passes)>;

struct Stage {
  llvm::StringRef name;
  void (*addPasses)(mlir::OpPassManager &passes, const target::Target &target);
};

/// Runs the stages on `module`, in order. Failures are reported as diagnostics of the module's context.
mlir::LogicalResult runStages(mlir::ModuleOp module, const target::Target &target,
                              llvm::ArrayRef<Stage> stages, StageObserver observer,
                              PassObserver observePasses);

/// A module of the tile kernels of `module` alone.
mlir::OwningOpRef<mlir::ModuleOp> cloneKernels(mlir::ModuleOp module);

} // namespace rondo::codegen
