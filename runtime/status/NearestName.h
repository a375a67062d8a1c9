// Finds what a person may have meant by a name that is not known.
#pragma once

#include "absl/types/span.h"

#include <string>
#include <string_view>

namespace rondo::rt {

// The known name that takes the fewest single-letter edits, or "" if all are too different to be worth a
// hint.
std::string nearestName(std::string_view name, absl::Span<const std::string> known);

} // namespace rondo::rt
