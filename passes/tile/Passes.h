// Passes of the tile stage.
#pragma once

#include "codegen/target/Target.h"
#include "mlir/Pass/Pass.h"

namespace rondo {
#define GEN_PASS_DECL
#include "passes/tile/BuildKernels.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/tile/BuildKernels.h.inc"
} // namespace rondo
