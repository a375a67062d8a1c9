// Kernels as Triton 3.x leaves them in its cache: metadata NAME.json with NAME.ptx and, perhaps, NAME.cubin
// beside it.
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace rondo {

struct TritonKernel {
  // Of a parameter of the entry, as PTX declares it. Addresses are 64-bit integers.
  struct Parameter {
    unsigned bits;
    bool isFloat;
    bool isAddress; // said to be one
  };

  std::string name;                        // of the entry
  std::string architecture;                // "sm_80", "sm_90a"
  llvm::SmallVector<Parameter> parameters; // those of the kernel's author that Triton kept
  unsigned trailing = 0;                   // scratch addresses behind them
  unsigned threads = 0;                    // of a block
  int64_t sharedBytes = 0;                 // of a block, dynamic
  int64_t scratchBytes = 0;                // of a block
  std::string ptx, cubin;                  // cubin empty where there is none
};

/// The kernel that metadata and PTX describe, without machine code. Errors as below.
llvm::Expected<TritonKernel> parseTritonKernel(llvm::StringRef metadata, llvm::StringRef ptx);

/// Reads the kernel whose metadata is the file `path`. The error says in one line what was expected and what
/// was found: files that are not there or too large, metadata that lacks a number, PTX that disagrees with
/// it, and launches that Rondo does not do (clusters, cooperative grids, tensor descriptors).
llvm::Expected<TritonKernel> readTritonKernel(llvm::StringRef path);

} // namespace rondo
