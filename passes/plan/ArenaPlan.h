// Places buffers whose lives are known in one arena.
#pragma once

#include <cstdint>
#include <vector>

namespace rondo {

// A buffer that is in use from step `first` to step `last`, both included.
struct BufferLife {
  int64_t bytes; // a multiple of the alignment
  unsigned first, last;
};

struct ArenaPlan {
  std::vector<int64_t> offsets; // per buffer; those in use at the same time are apart
  int64_t size = 0;
  int64_t leastSize = 0; // the most bytes in use at one step: no plan takes less
};

// Finding the smallest arena is as hard as bin packing. This takes the best of a few orders (by size, by size
// and length of life, as given), in each of which a buffer gets the smallest gap that holds it between the
// buffers of its time, the lowest of equal ones. The plan depends on the arguments alone. Quadratic in the
// number of buffers.
ArenaPlan planArena(const std::vector<BufferLife> &lives);

} // namespace rondo
