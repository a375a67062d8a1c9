// LLVM's optimiser and code generator for NVPTX.
#include "codegen/nvptx/EmitPtx.h"

#include "codegen/lowering/EmitCode.h"

#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include <mutex>

namespace rondo::codegen {
namespace {

// PTX before 8.1 limits the parameters of a kernel to 4352 bytes; since then they are 32,764.
constexpr size_t kFewParameters = 4352 / 8;

std::string featuresFor(const llvm::Module &module, const target::Target &target) {
  for (const llvm::Function &function : module)
    if (function.arg_size() > kFewParameters && target.llvmFeatures == "+ptx70")
      return "+ptx81";
  return target.llvmFeatures;
}

std::unique_ptr<llvm::TargetMachine> createMachine(const llvm::Module &module, const target::Target &target,
                                                   std::string &error) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  llvm::Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *nvptx = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!nvptx)
    return nullptr;
  llvm::TargetOptions options;
  options.AllowFPOpFusion =
      llvm::FPOpFusion::Standard; // only the fused operations that kernels ask for, as on CPUs
  return std::unique_ptr<llvm::TargetMachine>(
      nvptx->createTargetMachine(triple, target.cpu, featuresFor(module, target), options, llvm::Reloc::PIC_,
                                 std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

// MLIR's inline assembly says nothing about convergence: without it jump threading doubles barriers.
void markConvergent(llvm::Module &module) {
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (auto *call = llvm::dyn_cast<llvm::CallInst>(&instruction))
        if (auto *text = llvm::dyn_cast<llvm::InlineAsm>(call->getCalledOperand());
            text && text->hasSideEffects())
          call->setConvergent();
}

} // namespace

llvm::Expected<std::string> emitPtx(llvm::Module &module, const target::Target &target) {
  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(module, target, error);
  if (!machine)
    return llvm::createStringError("no code generator for NVPTX: " + error);
  module.setTargetTriple(machine->getTargetTriple());
  module.setDataLayout(machine->createDataLayout());
  markConvergent(module);
  for (llvm::Function &function : module)
    function.addFnAttr(llvm::Attribute::NoUnwind);
  // Kernels unroll what pays; whole slices of a product side by side would take more registers than there
  // are.
  llvm::PipelineTuningOptions tuning;
  tuning.LoopUnrolling = false;
  llvm::Expected<llvm::SmallVector<char, 0>> ptx =
      emitCode(module, *machine, {llvm::OptimizationLevel::O3, tuning, llvm::CodeGenFileType::AssemblyFile});
  if (!ptx)
    return ptx.takeError();
  return std::string(ptx->begin(), ptx->end());
}

} // namespace rondo::codegen
