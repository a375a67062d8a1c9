// Tile sizes of a target: how large one workgroup's share of a kernel is. Parameters, not code paths: the
// same kernel builders serve every target. Free of LLVM.
#pragma once

#include <cstdint>

namespace rondo::target {

struct TileSizes {
  int64_t rows;              // rows of a product's or a row kernel's region
  int64_t columns;           // preferred columns of a product's region
  int64_t depth;             // depth of one dot; 0 = the whole contraction in one dot
  bool packsWeights;         // the weights of products are stored in panels, else row-major
  int64_t panel;             // columns of a panel; regions of products are multiples of it either way
  int64_t vocabularyColumns; // vocabulary columns per step of a streamed softmax
  int64_t valueColumns;      // columns of v per retention workgroup; 0 = all
  int64_t maxChunk;          // largest retention chunk
  int64_t gradientRows;      // most rows of a region of dx = dy W and dW = dy^T x, which share a packed block
  int64_t gradientDepth;     // rows of W per step of dx = dy W
  int64_t gradientBatch;     // rows of the batch per step of dW = dy^T x
  int64_t attentionSpan;     // tokens of one attention workgroup
  int64_t attentionQueries;  // rows of a tile of queries in attention
  int64_t attentionKeys;     // rows of a tile of keys in attention
  int64_t workgroups;        // regions of a gradient shrink until there are so many
};

} // namespace rondo::target
