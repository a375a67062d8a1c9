// What the patterns of dilated attention say about heads, segments and cached keys.
#pragma once

#include "dialects/rondo/RondoAttrs.h"

namespace rondo {

// What one row of a cache is kept for: a head of k and v, and the residue that some of its query heads see.
struct CacheStream {
  int64_t keyHead, offset;
  auto operator<=>(const CacheStream &) const = default;
};

// The streams of a pattern's cache in their order, each once.
llvm::SmallVector<CacheStream> cacheStreams(DilationAttr dilation, int64_t pattern, int64_t heads,
                                            int64_t keyHeads);

// Visible (query, key) pairs of one batch row of `time` tokens from position 0, over all heads and patterns.
double visiblePairs(DilationAttr dilation, int64_t time, int64_t heads, bool bidirectional);

} // namespace rondo
