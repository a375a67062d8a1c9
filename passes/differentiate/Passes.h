// Passes of the differentiate stage.
#pragma once

#include "mlir/Pass/Pass.h"

namespace rondo {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/differentiate/Differentiate.h.inc"
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/differentiate/InsertOptimizer.h.inc"
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/differentiate/Rematerialise.h.inc"

// The pass Differentiate has taken the usual name.
inline void registerDifferentiateStage() {
  registerDifferentiate();
  registerInsertOptimizer();
  registerRematerialise();
}

} // namespace rondo
