// The conversion from structured loops, memrefs and vectors to the LLVM dialect.
#pragma once

#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/IR/BuiltinOps.h"

namespace rondo::codegen {

/// Converts all of `module` to LLVM's dialect and what else `target` calls legal. Buffers become bare
/// pointers, indices integers of `indexBits` bits.
mlir::LogicalResult convertToLLVM(mlir::ModuleOp module, unsigned indexBits,
                                  mlir::LLVMConversionTarget &target);

} // namespace rondo::codegen
