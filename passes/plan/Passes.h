// Passes of the plan stage.
#pragma once

#include "codegen/target/Target.h"
#include "mlir/Pass/Pass.h"

namespace rondo {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/plan/AssignLayouts.h.inc"
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/plan/PlanMemory.h.inc"

inline void registerPlanPasses() {
  registerAssignLayouts();
  registerPlanMemory();
}

} // namespace rondo
