// Where a value of the IR stands in its spec.
#pragma once

#include "codegen/package/PackageSpec.h"
#include "mlir/IR/Location.h"

namespace rondo {

// The spec line behind `location`, and the block instance ("layers.3") that its NameLoc gives. Unknown parts
// are empty.
codegen::PackageSpec::Location specLocation(mlir::Location location);

} // namespace rondo
