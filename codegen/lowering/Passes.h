// The passes of all backends.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace rondo::codegen {

#define GEN_PASS_DECL
#include "codegen/lowering/AssignScratch.h.inc"
#define GEN_PASS_DECL
#include "codegen/lowering/ExpandMath.h.inc"

/// Makes them known to rondo-opt: rondo-assign-scratch, rondo-expand-math.
void registerLoweringPasses();

} // namespace rondo::codegen
