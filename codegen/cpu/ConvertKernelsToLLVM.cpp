// One conversion from structured loops, memrefs and vectors to the LLVM dialect.
#include "codegen/cpu/Passes.h"

#include "codegen/lowering/ConvertToLLVM.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace rondo::codegen {
#define GEN_PASS_DEF_CONVERTKERNELSTOLLVM
#include "codegen/cpu/ConvertKernelsToLLVM.h.inc"

namespace {

struct ConvertKernelsToLLVMPass : impl::ConvertKernelsToLLVMBase<ConvertKernelsToLLVMPass> {
  void runOnOperation() override {
    // As integers: LLVM calls a function per element where a machine has no such instruction, and the
    // instruction flushes denormals.
    RewritePatternSet patterns(&getContext());
    arith::populateExpandBFloat16Patterns(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
    LLVMConversionTarget target(getContext());
    if (failed(convertToLLVM(getOperation(), /*indexBits=*/64, target)))
      signalPassFailure();
  }
};

} // namespace
} // namespace rondo::codegen
