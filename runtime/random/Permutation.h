// A shuffled order of [0, size) that costs no memory: where each index goes is computed when it is asked for.
#pragma once

#include <cstdint>

namespace rondo::rt {

// A bijection of [0, size), a pure function of (seed, stream, size, index): a Feistel network of Philox
// rounds over the next power of four, walked until the value falls into the range (Black and Rogaway,
// "Ciphers with arbitrary finite domains", 2002). `index` must be below `size`.
uint64_t permutedIndex(uint64_t seed, uint64_t stream, uint64_t size, uint64_t index);

} // namespace rondo::rt
