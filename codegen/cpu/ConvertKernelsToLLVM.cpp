// One conversion from structured loops, memrefs and vectors to the LLVM dialect.
#include "codegen/cpu/Passes.h"

#include "codegen/lowering/ConvertToLLVM.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"

using namespace mlir;

namespace rondo::codegen {
#define GEN_PASS_DEF_CONVERTKERNELSTOLLVM
#include "codegen/cpu/ConvertKernelsToLLVM.h.inc"

namespace {

struct ConvertKernelsToLLVMPass : impl::ConvertKernelsToLLVMBase<ConvertKernelsToLLVMPass> {
  void runOnOperation() override {
    LLVMConversionTarget target(getContext());
    if (failed(convertToLLVM(getOperation(), /*indexBits=*/64, target)))
      signalPassFailure();
  }
};

} // namespace
} // namespace rondo::codegen
