// The conversion from structured loops, memrefs and vectors to the LLVM dialect.
#pragma once

#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/BuiltinOps.h"

namespace rondo::codegen {

using PatternAdder = llvm::function_ref<void(mlir::LLVMTypeConverter &, mlir::RewritePatternSet &)>;

/// Converts all of `module` to LLVM's dialect and what else `target` calls legal. Buffers become bare
/// pointers, indices integers of `indexBits` bits. `addPatterns` adds those of a machine.
mlir::LogicalResult convertToLLVM(mlir::ModuleOp module, unsigned indexBits,
                                  mlir::LLVMConversionTarget &target, PatternAdder addPatterns = nullptr);

} // namespace rondo::codegen
