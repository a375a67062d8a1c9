// The stages from tile kernels to NVVM, each a pass.
#pragma once

#include "dialects/tile/Tile.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace rondo::codegen {

#define GEN_PASS_DECL
#include "codegen/nvptx/ConvertThreadsToNVVM.h.inc"
#define GEN_PASS_DECL
#include "codegen/nvptx/LowerTilesToThreads.h.inc"

} // namespace rondo::codegen
