// Makes the passes of all backends known by name.
#include "codegen/lowering/Passes.h"

#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

namespace rondo::codegen {

#define GEN_PASS_REGISTRATION
#include "codegen/lowering/AssignScratch.h.inc"
#define GEN_PASS_REGISTRATION
#include "codegen/lowering/ExpandMath.h.inc"

void registerLoweringPasses() {
  registerAssignScratch();
  registerExpandMath();
}

} // namespace rondo::codegen
