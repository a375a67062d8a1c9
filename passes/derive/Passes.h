// Passes of the derive stage.
#pragma once

#include "mlir/Pass/Pass.h"

#include <string>

namespace rondo {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/derive/DeriveEntries.h.inc"

inline void registerDerivePasses() { registerDeriveEntries(); }

} // namespace rondo
