// LLVM's optimiser and code generator for x86-64.
#include "codegen/cpu/MachineCode.h"

#include "codegen/lowering/EmitCode.h"

#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include <mutex>

namespace rondo::codegen {
namespace {

std::unique_ptr<llvm::TargetMachine> createMachine(const target::Target &target, std::string &error) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  const llvm::Target *x86 = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!x86)
    return nullptr;
  llvm::TargetOptions options;
  options.AllowFPOpFusion =
      llvm::FPOpFusion::Standard; // a row's bits must not depend on what stands beside it
  return std::unique_ptr<llvm::TargetMachine>(
      x86->createTargetMachine(triple, target.cpu, target.llvmFeatures, options, llvm::Reloc::PIC_,
                               llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default));
}

} // namespace

llvm::Expected<llvm::SmallVector<char, 0>> emitObject(llvm::Module &module, const target::Target &target) {
  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(target, error);
  if (!machine)
    return llvm::createStringError("no code generator for x86-64: " + error);
  module.setTargetTriple(machine->getTargetTriple());
  module.setDataLayout(machine->createDataLayout());
  for (llvm::Function &function : module) {
    function.addFnAttr("target-cpu", target.cpu);
    function.addFnAttr("target-features", target.llvmFeatures);
    function.addFnAttr("prefer-vector-width", std::to_string(target.vectorLanes * 32));
    function.addFnAttr("no-builtins"); // no loop becomes a call of memset or memcpy
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
  // The code is vectorised already: what is left is scalar cleaning.
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = tuning.LoopInterleaving = false;
  return emitCode(module, *machine, {llvm::OptimizationLevel::O1, tuning, llvm::CodeGenFileType::ObjectFile});
}

} // namespace rondo::codegen
