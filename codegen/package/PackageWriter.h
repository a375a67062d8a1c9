// Writes packages: the only writer of the format that runtime/format/FORMAT.md describes.
#pragma once

#include "codegen/package/PackageSpec.h"

#include <string>

namespace rondo::codegen {

// The bytes of the package file. Equal specs give equal bytes. The spec is written as it is: the runtime's
// validator judges it, also for the compiler's own packages. Empty if image and constants exceed the format's
// 2 GiB.
std::string writePackage(const PackageSpec &spec);

} // namespace rondo::codegen
