// From the tile kernels of a module to machine code for a CPU.
#pragma once

#include "codegen/cpu/CpuImage.h"
#include "codegen/lowering/Stages.h"

namespace rondo::codegen {

/// The dialects and interfaces that the lowering of kernels creates; to be added to the context's registry.
void registerCpuDialects(mlir::DialectRegistry &registry);

/// Compiles every tile.kernel of `module`, which is left as it is, into one image. Equal modules give equal
/// bytes. Failures are reported as diagnostics of the module's context. The stages are "vectors", "scratch"
/// and "llvm-dialect".
mlir::FailureOr<CpuImage> compileKernels(mlir::ModuleOp module, const target::Target &target,
                                         StageObserver observer = nullptr,
                                         PassObserver observePasses = nullptr);

/// Makes the stages known to rondo-opt: rondo-lower-tiles-to-vectors,
/// rondo-convert-kernels-to-llvm.
void registerCpuPasses();

} // namespace rondo::codegen
