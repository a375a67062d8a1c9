// From the tile kernels of a module to PTX, and to machine code where NVIDIA's assembler is at hand.
#pragma once

#include "codegen/lowering/Stages.h"
#include "codegen/nvptx/CudaKernels.h"

namespace rondo::codegen {

/// The dialects and interfaces that the lowering creates; to be added to the context's registry.
void registerCudaDialects(mlir::DialectRegistry &registry);

/// Compiles every tile.kernel of `module`, which is left as it is. Equal modules give equal PTX. Failures are
/// reported as diagnostics of the module's context. The stages are "threads", "scratch" and "nvvm-dialect".
mlir::FailureOr<CudaKernels> compileCudaKernels(mlir::ModuleOp module, const target::Target &target,
                                                StageObserver observer = nullptr,
                                                PassObserver observePasses = nullptr);

/// Makes the stages known to rondo-opt: rondo-lower-tiles-to-threads, rondo-convert-threads-to-nvvm.
void registerCudaPasses();

} // namespace rondo::codegen
