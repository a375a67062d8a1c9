// The pass around the lowering of kernels.
#include "codegen/cpu/Passes.h"

#include "codegen/cpu/RoundOperands.h"
#include "codegen/cpu/VectorLowering.h"

using namespace mlir;

namespace rondo::codegen {
#define GEN_PASS_DEF_LOWERTILESTOVECTORS
#include "codegen/cpu/LowerTilesToVectors.h.inc"

namespace {

struct LowerTilesToVectorsPass : impl::LowerTilesToVectorsBase<LowerTilesToVectorsPass> {
  using Base::Base;

  void runOnOperation() override {
    Blocking blocking;
    blocking.rows = rows;
    blocking.depth = depth;
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<tile::KernelOp>())) {
      if (failed(VectorLowering::check(kernel)))
        return signalPassFailure();
      roundOperands(kernel);
      VectorLowering(kernel, blocking).run();
      kernel.erase();
    }
  }
};

} // namespace
} // namespace rondo::codegen
