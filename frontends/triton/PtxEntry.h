// What PTX says about one of its entries.
#pragma once

#include "frontends/triton/TritonKernel.h"

namespace rondo {

struct PtxEntry {
  std::string architecture;
  llvm::SmallVector<TritonKernel::Parameter> parameters;
  unsigned requiredThreads = 0; // .reqntid; 0 if it says nothing
};

/// Finds `.visible .entry NAME` in `ptx`. The error says in one line what was expected and what was found.
llvm::Expected<PtxEntry> readPtxEntry(llvm::StringRef ptx, llvm::StringRef name);

} // namespace rondo
