// Passes of the tile stage.
#pragma once

#include "codegen/target/Target.h"
#include "mlir/Pass/Pass.h"

namespace rondo {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/tile/BuildKernels.h.inc"

inline void registerTilePasses() { registerBuildKernels(); }

} // namespace rondo
