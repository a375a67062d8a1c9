// The stages from tile kernels to the LLVM dialect, each a pass.
#pragma once

#include "dialects/tile/Tile.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace rondo::codegen {

#define GEN_PASS_DECL
#include "codegen/cpu/ConvertKernelsToLLVM.h.inc"
#define GEN_PASS_DECL
#include "codegen/cpu/LowerTilesToVectors.h.inc"

} // namespace rondo::codegen
