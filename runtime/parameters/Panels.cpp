// Transposition between rows and panels, in blocks that stay in the first-level cache.
#include "runtime/parameters/Panels.h"

#include <algorithm>

namespace rondo::rt {
namespace {

constexpr uint64_t kBlock = 64; // columns at a time: at most `panel` rows of four cache lines

} // namespace

void packPanel(const float *rowMajor, uint64_t rows, uint64_t columns, uint64_t panel, float *packed) {
  for (uint64_t first = 0; first < columns; first += kBlock) {
    uint64_t last = std::min(columns, first + kBlock);
    for (uint64_t r = 0; r < rows; ++r)
      for (uint64_t c = first; c < last; ++c)
        packed[c * panel + r] = rowMajor[r * columns + c];
    for (uint64_t c = first; c < last; ++c)
      std::fill(packed + c * panel + rows, packed + (c + 1) * panel, 0.0f);
  }
}

void unpackPanel(const float *packed, uint64_t rows, uint64_t columns, uint64_t panel, float *rowMajor) {
  for (uint64_t first = 0; first < columns; first += kBlock) {
    uint64_t last = std::min(columns, first + kBlock);
    for (uint64_t r = 0; r < rows; ++r)
      for (uint64_t c = first; c < last; ++c)
        rowMajor[r * columns + c] = packed[c * panel + r];
  }
}

} // namespace rondo::rt
