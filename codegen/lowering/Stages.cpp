// Runs the stages of a backend.
#include "codegen/lowering/Stages.h"

#include "dialects/tile/Tile.h"

using namespace mlir;

namespace rondo::codegen {

LogicalResult runStages(ModuleOp module, const target::Target &target, ArrayRef<Stage> stages,
                        StageObserver observer, PassObserver observePasses) {
  for (const Stage &stage : stages) {
    PassManager passes(module.getContext());
    stage.addPasses(passes, target);
    if (observePasses)
      observePasses(passes);
    if (failed(passes.run(module)))
      return failure();
    if (observer)
      observer(stage.name, module);
  }
  return success();
}

OwningOpRef<ModuleOp> cloneKernels(ModuleOp module) {
  OwningOpRef<ModuleOp> clone = ModuleOp::create(module.getLoc());
  OpBuilder builder(clone->getBodyRegion());
  for (auto kernel : module.getOps<tile::KernelOp>())
    builder.clone(*kernel);
  return clone;
}

} // namespace rondo::codegen
