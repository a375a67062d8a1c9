// The passes of the spec front end, and their registration.
#pragma once

#include "dialects/rondo/RondoAttrs.h"
#include "dialects/tile/Tile.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace rondo {

#define GEN_PASS_DECL
#include "frontends/spec/CheckSpec.h.inc"
#define GEN_PASS_DECL
#include "frontends/spec/InferShapes.h.inc"
#define GEN_PASS_DECL
#include "frontends/spec/SpecialiseSpec.h.inc"

#define GEN_PASS_REGISTRATION
#include "frontends/spec/CheckSpec.h.inc"
#define GEN_PASS_REGISTRATION
#include "frontends/spec/InferShapes.h.inc"
#define GEN_PASS_REGISTRATION
#include "frontends/spec/SpecialiseSpec.h.inc"

inline void registerSpecPasses() {
  registerCheckSpec();
  registerInferShapes();
  registerSpecialiseSpec();
}

} // namespace rondo
