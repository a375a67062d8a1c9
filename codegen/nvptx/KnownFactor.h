// What is known of an index without running the program.
#pragma once

#include "mlir/IR/Value.h"

namespace rondo::codegen {

/// A number that the index is a multiple of, at least 1 and at most `most`; the largest that its arithmetic
/// shows.
int64_t knownFactor(mlir::Value index, int64_t most);

} // namespace rondo::codegen
