// Counts calls of the C allocator by all threads of the program.
#pragma once

#include <cstdint>

namespace rondo::test {

uint64_t allocationCount();

} // namespace rondo::test
