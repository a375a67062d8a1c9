// Numbers in written specs.
#pragma once

#include <string>

namespace rondo {

// The fewest digits that read back as `value`.
std::string shortestNumber(double value);

} // namespace rondo
