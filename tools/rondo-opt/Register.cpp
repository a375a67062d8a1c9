// What rondo-opt knows: one line per dialect and per stage.
#include "tools/rondo-opt/Register.h"

#include "codegen/cpu/CompileKernels.h"
#include "codegen/lowering/Passes.h"
#include "codegen/nvptx/CompileCudaKernels.h"
#include "dialects/rondo/Rondo.h"
#include "dialects/tile/Tile.h"
#include "frontends/spec/LoadSpec.h"
#include "frontends/spec/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Transforms/Passes.h"
#include "passes/derive/Passes.h"
#include "passes/differentiate/Passes.h"
#include "passes/fuse/Passes.h"
#include "passes/plan/Passes.h"
#include "passes/schedule/Passes.h"
#include "passes/tile/Passes.h"

using namespace mlir;

void rondo::registerDialects(DialectRegistry &registry) {
  registerSpecFrontend(registry);
  registry.insert<RondoDialect, tile::TileDialect>();
  registry.insert<affine::AffineDialect>();
  codegen::registerCpuDialects(registry);
  codegen::registerCudaDialects(registry);
}

void rondo::registerPasses() {
  registerCanonicalizerPass();
  registerCSEPass();
  registerLoopInvariantCodeMotionPass();
  registerSpecPasses();
  registerDerivePasses();
  registerDifferentiateStage();
  registerSchedulePasses();
  registerFusePasses();
  registerPlanPasses();
  registerTilePasses();
  codegen::registerLoweringPasses();
  codegen::registerCpuPasses();
  codegen::registerCudaPasses();
}
