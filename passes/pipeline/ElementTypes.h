// Element types and shapes as the package states them.
#pragma once

#include "codegen/package/PackageSpec.h"
#include "mlir/IR/BuiltinTypes.h"

#include <optional>

namespace rondo {

// Nothing for types that no package holds.
std::optional<codegen::PackageSpec::DType> packageType(mlir::Type element);
std::vector<uint64_t> packageShape(mlir::ShapedType type);

} // namespace rondo
