// Mistakes that a lowering of retention could make, as changes of its tile kernels.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"

namespace rondo::test {

struct KernelFault {
  const char *name;
  // Plants the fault wherever it fits; true if it found a place. The module stays valid, and nothing is read
  // or written outside of its buffer.
  bool (*plant)(mlir::ModuleOp module);
  // Only kernels that read and write a state in place can show it.
  bool inPool = false;
};

llvm::ArrayRef<KernelFault> kernelFaults();

} // namespace rondo::test
