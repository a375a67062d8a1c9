// Passes of the fuse stage.
#pragma once

#include "codegen/target/Target.h"
#include "mlir/Pass/Pass.h"

namespace rondo {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/fuse/FormGroups.h.inc"

inline void registerFusePasses() { registerFormGroups(); }

} // namespace rondo
