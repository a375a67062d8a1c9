// Between a parameter's storage layout in memory and the row-major order of files.
#pragma once

#include "runtime/parameters/ParameterInfo.h"
#include "runtime/status/Status.h"

#include "absl/types/span.h"

#include <functional>

namespace rondo::rt {

// Gives elements [first, first + target.size()) of the row-major tensor.
using ReadElements = std::function<absl::Status(uint64_t first, absl::Span<float> target)>;

// Takes the next row-major elements.
using WriteElements = std::function<absl::Status(absl::Span<const float> piece)>;

// Fills `storage`, which has info.storageBytes, from elements in order, padding with zeros; of a panel layout
// whole rows at a time. Stops at the first error of `read`.
absl::Status fillStorage(const ParameterInfo &info, absl::Span<float> storage, const ReadElements &read);

// Hands the row-major elements of `storage` in order to `write`, in pieces. Stops at its first error.
absl::Status visitStorage(const ParameterInfo &info, absl::Span<const float> storage,
                          const WriteElements &write);

} // namespace rondo::rt
