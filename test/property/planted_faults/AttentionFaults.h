// Mistakes that a lowering of attention could make, as changes of its tile kernels.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"

namespace rondo::test {

struct AttentionFault {
  // The check that must notice it.
  enum class Check { Forward, Gradients, AppendedRows };
  const char *name;
  Check check;
  // Plants the fault wherever it fits; true if it found a place. The module stays valid, and nothing is read
  // or written outside of its buffer.
  bool (*plant)(mlir::ModuleOp module);
};

llvm::ArrayRef<AttentionFault> attentionFaults();

} // namespace rondo::test
