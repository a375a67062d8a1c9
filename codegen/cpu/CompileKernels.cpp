// The stages from a module's tile kernels to an image, in order.
#include "codegen/cpu/CompileKernels.h"

#include "codegen/cpu/MachineCode.h"
#include "codegen/cpu/Passes.h"
#include "codegen/lowering/Passes.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Support/Parallel.h"

using namespace mlir;

namespace rondo::codegen {

#define GEN_PASS_REGISTRATION
#include "codegen/cpu/ConvertKernelsToLLVM.h.inc"
#define GEN_PASS_REGISTRATION
#include "codegen/cpu/LowerTilesToVectors.h.inc"

void registerCpuDialects(DialectRegistry &registry) {
  registry.insert<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect, LLVM::LLVMDialect,
                  math::MathDialect, memref::MemRefDialect, scf::SCFDialect, tile::TileDialect,
                  vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

void registerCpuPasses() {
  registerLowerTilesToVectors();
  registerConvertKernelsToLLVM();
}

namespace {

LogicalResult lowerToLLVMDialect(ModuleOp module, const target::Target &target, StageObserver observer,
                                 PassObserver observePasses) {
  const Stage stages[] = {
      {"vectors",
       [](OpPassManager &passes, const target::Target &) {
         passes.addPass(createLowerTilesToVectors());
         OpPassManager &function = passes.nest<func::FuncOp>();
         function.addPass(createCSEPass());
         function.addPass(createLoopInvariantCodeMotionPass());
         function.addPass(createCSEPass());
       }},
      {"scratch", [](OpPassManager &passes,
                     const target::Target &) { passes.nest<func::FuncOp>().addPass(createAssignScratch()); }},
      {"llvm-dialect",
       [](OpPassManager &passes, const target::Target &target) {
         OpPassManager &function = passes.nest<func::FuncOp>();
         function.addPass(createExpandMath({.avx512 = target.vectorLanes == 16}));
         function.addPass(createCSEPass());
         passes.addPass(createConvertKernelsToLLVM());
       }},
  };
  return runStages(module, target, stages, observer, observePasses);
}

// Adds the function that callers see: it unpacks the buffers' addresses (see KernelAbi.h).
void addEntryPoint(llvm::Function &body) {
  llvm::Module &module = *body.getParent();
  llvm::LLVMContext &context = module.getContext();
  std::string name = body.getName().str();
  body.setName(name + ".body");
  body.setLinkage(llvm::Function::InternalLinkage);
  llvm::Type *pointer = llvm::PointerType::get(context, 0), *integer = llvm::Type::getInt64Ty(context);
  auto *type =
      llvm::FunctionType::get(llvm::Type::getVoidTy(context), {pointer, pointer, integer, integer}, false);
  auto *entry = llvm::Function::Create(type, llvm::Function::ExternalLinkage, name, module);
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "", entry));
  SmallVector<llvm::Value *> arguments;
  for (size_t i = 0; i + 3 < body.arg_size(); ++i) {
    llvm::Value *slot = builder.CreateConstGEP1_64(pointer, entry->getArg(0), i);
    arguments.push_back(builder.CreateLoad(pointer, slot));
  }
  arguments.append({entry->getArg(2), entry->getArg(3), entry->getArg(1)});
  builder.CreateCall(&body, arguments);
  builder.CreateRetVoid();
}

// One kernel on its way through LLVM, in a context of its own: kernels are compiled side by side, and the
// image does not depend on how many at a time.
struct KernelCode {
  std::unique_ptr<llvm::LLVMContext> context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> module;
  SmallVector<char, 0> object;
  std::string error;

  void compile(const target::Target &target) {
    llvm::Expected<SmallVector<char, 0>> compiled = emitObject(*module, target);
    module.reset();
    if (compiled)
      object = std::move(*compiled);
    else
      error = llvm::toString(compiled.takeError());
  }
};

LogicalResult translateAlone(LLVM::LLVMFuncOp function, KernelCode &code) {
  OwningOpRef<ModuleOp> alone = ModuleOp::create(function.getLoc());
  alone->push_back(function->clone());
  code.module = translateModuleToLLVMIR(*alone, *code.context, function.getSymName());
  if (!code.module)
    return failure();
  addEntryPoint(*code.module->getFunction(function.getSymName()));
  return success();
}

} // namespace

FailureOr<CpuImage> compileKernels(ModuleOp module, const target::Target &target, StageObserver observer,
                                   PassObserver observePasses) {
  DialectRegistry registry;
  registerCpuDialects(registry);
  module.getContext()->appendDialectRegistry(registry);
  CpuImage image;
  OwningOpRef<ModuleOp> kernels = cloneKernels(module);
  if (kernels->getBody()->empty())
    return image;
  for (auto [position, kernel] : llvm::enumerate(kernels->getOps<tile::KernelOp>()))
    kernel.setSymName(("k" + Twine(position)).str()); // whatever their names: the image does not hold them
  SmallVector<int64_t> scratch;
  auto observe = [&](StringRef stage, ModuleOp lowered) {
    if (stage == "scratch")
      for (auto function : lowered.getOps<func::FuncOp>())
        scratch.push_back(function->getAttrOfType<IntegerAttr>("rondo.scratch_bytes").getInt());
    if (observer)
      observer(stage, lowered);
  };
  if (failed(lowerToLLVMDialect(*kernels, target, observe, observePasses)))
    return failure();

  std::vector<KernelCode> code;
  for (auto [function, bytes] : llvm::zip_equal(kernels->getOps<LLVM::LLVMFuncOp>(), scratch)) {
    code.emplace_back();
    if (failed(translateAlone(function, code.back())))
      return failure();
    image.kernels.push_back({function.getSymName().str(), 0, static_cast<uint64_t>(bytes)});
  }
  llvm::parallelFor(0, code.size(), [&](size_t i) { code[i].compile(target); });
  std::vector<ArrayRef<char>> objects;
  for (const KernelCode &kernel : code) {
    if (!kernel.error.empty())
      return module.emitError(kernel.error);
    objects.push_back(kernel.object);
  }
  if (llvm::Error error = linkImage(objects, image))
    return module.emitError(llvm::toString(std::move(error)));
  for (auto [kernel, compiled] : llvm::zip_equal(module.getOps<tile::KernelOp>(), image.kernels))
    compiled.symbol = kernel.getSymName();
  return image;
}

} // namespace rondo::codegen
