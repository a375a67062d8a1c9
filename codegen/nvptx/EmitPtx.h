// The two steps after MLIR: LLVM's code generator for NVPTX, and NVIDIA's assembler where there is one.
#pragma once

#include "codegen/target/Target.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>
#include <vector>

namespace rondo::codegen {

/// Optimises `module` for the target and compiles it to PTX.
llvm::Expected<std::string> emitPtx(llvm::Module &module, const target::Target &target);

/// The path of ptxas: $RONDO_PTXAS (empty: none), or in $CUDA_HOME/bin, on PATH, in /usr/local/cuda/bin.
std::optional<std::string> findPtxas();

/// Assembles `ptx` for the target's architecture. An error holds what ptxas says.
llvm::Expected<std::vector<uint8_t>> assemblePtx(const std::string &ptxas, const std::string &ptx,
                                                 const target::Target &target);

} // namespace rondo::codegen
