// Kernels that were compiled elsewhere, as kernels of a module.
#pragma once

#include "dialects/tile/Tile.h"
#include "passes/tile/GroupKernel.h"

namespace rondo {

// Builds the tile.extern_kernel of a group whose root is rondo.extern_kernel, at the builder's place;
// `sources` become what its buffers are bound to.
mlir::FailureOr<tile::ExternKernelOp> buildExternKernel(const GroupForm &form, ExternKernelOp root,
                                                        mlir::OpBuilder &builder, llvm::StringRef name,
                                                        llvm::SmallVectorImpl<BufferSource> &sources);

} // namespace rondo
