// The pass around the lowering of kernels to threads.
#include "codegen/nvptx/Passes.h"

#include "codegen/lowering/ScratchLayout.h"
#include "codegen/nvptx/ThreadLowering.h"

using namespace mlir;

namespace rondo::codegen {
#define GEN_PASS_DEF_LOWERTILESTOTHREADS
#include "codegen/nvptx/LowerTilesToThreads.h.inc"

namespace {

// As many threads as the largest tile keeps busy with a few elements each.
int64_t threadsFor(tile::KernelOp kernel) {
  int64_t largest = 0;
  kernel.walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      if (auto tile = dyn_cast<RankedTensorType>(type))
        largest = std::max(largest, tile.getNumElements());
  });
  return largest <= 512 ? 64 : largest <= 2048 ? 128 : 256;
}

// Moves homes out of shared memory, the largest first, until the rest fits.
LogicalResult fitShared(func::FuncOp function, int64_t budget) {
  Attribute space = IntegerAttr::get(IntegerType::get(function.getContext(), 64), kGlobalScratch);
  for (;;) {
    ScratchLayout layout = layOutScratch(function, kSharedMemory);
    auto largest = llvm::find_if(layout.places, [](const ScratchLayout::Place &place) {
      return !place.op->hasAttr(kPinnedAttribute);
    });
    if (layout.bytes <= budget)
      return success();
    if (largest == layout.places.end())
      return function.emitError("expected slices of products that fit into ")
             << budget << " bytes of shared memory, found " << layout.bytes;
    Value home = largest->op.getResult();
    home.setType(MemRefType::Builder(cast<MemRefType>(home.getType())).setMemorySpace(space));
  }
}

struct LowerTilesToThreadsPass : impl::LowerTilesToThreadsBase<LowerTilesToThreadsPass> {
  using Base::Base;

  void runOnOperation() override {
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<tile::KernelOp>())) {
      if (failed(ThreadLowering::check(kernel)))
        return signalPassFailure();
      ThreadOptions options{threads ? threads : threadsFor(kernel), tf32, warpgroups};
      if (failed(fitShared(ThreadLowering(kernel, options).run(), shared)))
        return signalPassFailure();
      kernel.erase();
    }
  }
};

} // namespace
} // namespace rondo::codegen
