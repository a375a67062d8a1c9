// How many times the usual number of random cases a property test runs.
#pragma once

#include <algorithm>
#include <cstdlib>

namespace rondo::property {

// RONDO_CASE_FACTOR from the environment, 1 if absent: tools/nightly.sh asks for more.
inline unsigned caseFactor() {
  const char *text = std::getenv("RONDO_CASE_FACTOR");
  return text ? static_cast<unsigned>(std::clamp(std::atoi(text), 1, 1000)) : 1;
}

} // namespace rondo::property
