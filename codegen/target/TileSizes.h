// Tile sizes of a target: how large one workgroup's share of a kernel is. Parameters, not code paths: the
// same kernel builders serve every target. Free of LLVM.
#pragma once

#include <cstdint>

namespace rondo::target {

struct TileSizes {
  int64_t rows;              // rows of a product's or a row kernel's region
  int64_t columns;           // preferred columns of a product's region
  int64_t depth;             // depth of one dot; 0 = the whole contraction in one dot
  int64_t panel;             // columns of one packed weight panel; regions of products are multiples of it
  int64_t vocabularyColumns; // vocabulary columns per step of a streamed softmax
  int64_t valueColumns;      // columns of v per retention workgroup; 0 = all
  int64_t maxChunk;          // largest retention chunk
};

} // namespace rondo::target
