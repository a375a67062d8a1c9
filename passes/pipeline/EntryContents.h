// From an entry point's list of commands to what the package says about it.
#pragma once

#include "codegen/package/PackageSpec.h"
#include "dialects/rondo/Rondo.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace rondo {

// Where the package keeps each symbol of the module.
struct PackageIndex {
  llvm::StringMap<uint32_t> parameters, states, optimizerStates, constants, kernels;
  llvm::StringMap<uint64_t> workgroups; // per kernel
};

mlir::FailureOr<codegen::PackageSpec::Entry> entryContents(mlir::func::FuncOp entry,
                                                           const PackageIndex &index);

} // namespace rondo
