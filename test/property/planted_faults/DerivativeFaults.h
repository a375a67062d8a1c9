// Faults that are planted in the backward pass of an entry point, for the checks of gradients to find.
#pragma once

#include "dialects/rondo/Rondo.h"
#include "mlir/IR/BuiltinOps.h"

#include <functional>
#include <string>
#include <vector>

namespace rondo::property {

struct DerivativeFault {
  std::string name;
  std::string entry; // grad or vjp
  // Plants the fault in the first op of the backward pass that can have it; false if there is none.
  std::function<bool(mlir::func::FuncOp)> plant;
};

std::vector<DerivativeFault> derivativeFaults();

} // namespace rondo::property
