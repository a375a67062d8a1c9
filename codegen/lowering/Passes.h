// The passes of all backends.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace rondo::codegen {

#define GEN_PASS_DECL
#include "codegen/lowering/AssignScratch.h.inc"

/// Makes them known to rondo-opt: rondo-assign-scratch.
void registerLoweringPasses();

} // namespace rondo::codegen
