// LLVM's optimiser and code generator, for all machines.
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

namespace rondo::codegen {

struct CodeSettings {
  llvm::OptimizationLevel level;
  llvm::PipelineTuningOptions tuning;
  llvm::CodeGenFileType fileType;
};

/// Optimises `module`, which has the machine's triple and data layout already, and compiles it.
llvm::Expected<llvm::SmallVector<char, 0>> emitCode(llvm::Module &module, llvm::TargetMachine &machine,
                                                    const CodeSettings &settings);

} // namespace rondo::codegen
