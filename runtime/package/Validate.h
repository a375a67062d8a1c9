// The second half of reading a package: after FlatBuffers' verifier has found that every offset lies in the
// file, this decides whether what the file says makes sense.
#pragma once

#include "runtime/format/Package_generated.h"
#include "runtime/status/Status.h"

namespace rondo::rt::package {

// OK if the runtime can run every entry without another check of the package: every list and string is there,
// every enum, index, size, alignment, address and binding is in its range, and no two live buffers share
// bytes. The buffer must be aligned to 8 bytes and have passed FlatBuffers' verifier. The ids are those of
// FORMAT.md.
absl::Status validate(const format::Package &package);

} // namespace rondo::rt::package
