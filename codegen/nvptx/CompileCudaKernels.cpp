// The stages from a module's tile kernels to PTX, in order.
#include "codegen/nvptx/CompileCudaKernels.h"

#include "codegen/lowering/Passes.h"
#include "codegen/nvptx/EmitPtx.h"
#include "codegen/nvptx/Passes.h"
#include "codegen/nvptx/ThreadLowering.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/Parallel.h"

using namespace mlir;

namespace rondo::codegen {

#define GEN_PASS_REGISTRATION
#include "codegen/nvptx/ConvertThreadsToNVVM.h.inc"
#define GEN_PASS_REGISTRATION
#include "codegen/nvptx/LowerTilesToThreads.h.inc"

void registerCudaDialects(DialectRegistry &registry) {
  registry.insert<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect, gpu::GPUDialect,
                  nvgpu::NVGPUDialect, LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect,
                  NVVM::NVVMDialect, scf::SCFDialect, tile::TileDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
}

void registerCudaPasses() {
  registerLowerTilesToThreads();
  registerConvertThreadsToNVVM();
}

namespace {

LogicalResult lowerToNVVM(ModuleOp module, const target::Target &target, StageObserver observer,
                          PassObserver observePasses) {
  const Stage stages[] = {
      {"threads",
       [](OpPassManager &passes, const target::Target &target) {
         passes.addPass(createLowerTilesToThreads(
             {.shared = target.sharedBytes, .tf32 = target.tf32, .warpgroups = target.hasWarpgroups}));
       }},
      {"scratch",
       [](OpPassManager &passes, const target::Target &) {
         OpPassManager &function = passes.nest<func::FuncOp>();
         function.addPass(createAssignScratch({.space = kSharedMemory, .attribute = "rondo.shared_bytes"}));
         function.addPass(createAssignScratch({.space = kGlobalScratch}));
         // After the places are given: an address that moves out of a loop does not lengthen the life of its
         // memory.
         function.addPass(createCSEPass());
         function.addPass(createLoopInvariantCodeMotionPass());
         function.addPass(createCSEPass());
       }},
      {"nvvm-dialect",
       [](OpPassManager &passes, const target::Target &) {
         OpPassManager &function = passes.nest<func::FuncOp>();
         function.addPass(createExpandMath());
         function.addPass(createCSEPass());
         passes.addPass(createConvertThreadsToNVVM());
       }},
  };
  return runStages(module, target, stages, observer, observePasses);
}

// One kernel on its way through LLVM, in a context of its own: kernels are compiled side by side, and their
// text does not depend on how many at a time.
struct KernelCode {
  std::unique_ptr<llvm::LLVMContext> context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> module;
  CudaKernel kernel;
  std::string error;

  void compile(const target::Target &target, const std::optional<std::string> &ptxas) {
    llvm::Expected<std::string> ptx = emitPtx(*module, target);
    module.reset();
    if (!ptx) {
      error = llvm::toString(ptx.takeError());
      return;
    }
    kernel.ptx = std::move(*ptx);
    if (!ptxas)
      return;
    llvm::Expected<std::vector<uint8_t>> cubin = assemblePtx(*ptxas, kernel.ptx, target);
    if (cubin)
      kernel.cubin = std::move(*cubin);
    else
      error = llvm::toString(cubin.takeError());
  }
};

LogicalResult translateAlone(LLVM::LLVMFuncOp function, KernelCode &code) {
  auto number = [&](StringRef name) { return function->getAttrOfType<IntegerAttr>(name).getInt(); };
  code.kernel.symbol = function.getSymName();
  code.kernel.threads = number(kThreadsAttribute);
  code.kernel.sharedBytes = number("rondo.shared_bytes");
  code.kernel.scratchBytes = number("rondo.scratch_bytes");
  OwningOpRef<ModuleOp> alone = ModuleOp::create(function.getLoc());
  for (auto global : function->getParentOfType<ModuleOp>().getOps<LLVM::GlobalOp>())
    alone->push_back(global->clone());
  alone->push_back(function->clone());
  code.module = translateModuleToLLVMIR(*alone, *code.context, function.getSymName());
  return success(code.module != nullptr);
}

} // namespace

FailureOr<CudaKernels> compileCudaKernels(ModuleOp module, const target::Target &target,
                                          StageObserver observer, PassObserver observePasses) {
  DialectRegistry registry;
  registerCudaDialects(registry);
  module.getContext()->appendDialectRegistry(registry);
  OwningOpRef<ModuleOp> kernels = cloneKernels(module);
  CudaKernels result;
  if (kernels->getBody()->empty())
    return result;
  if (failed(lowerToNVVM(*kernels, target, observer, observePasses)))
    return failure();
  std::vector<KernelCode> code;
  for (auto function : kernels->getOps<LLVM::LLVMFuncOp>()) {
    code.emplace_back();
    if (failed(translateAlone(function, code.back())))
      return failure();
  }
  std::optional<std::string> ptxas = findPtxas();
  llvm::parallelFor(0, code.size(), [&](size_t i) { code[i].compile(target, ptxas); });
  for (KernelCode &kernel : code) {
    if (!kernel.error.empty())
      return module.emitError(kernel.error);
    result.kernels.push_back(std::move(kernel.kernel));
  }
  return result;
}

} // namespace rondo::codegen
