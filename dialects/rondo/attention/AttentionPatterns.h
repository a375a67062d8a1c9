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

// A pattern of ratio 1 shows all pairs within its segments. Patterns whose segments are made of such segments
// leave those pairs to it, where they count once per pattern: one score and one exponential do for all.
struct PatternCover {
  int64_t pattern;
  llvm::SmallVector<int64_t> covered;

  bool covers(int64_t other) const { return llvm::is_contained(covered, other); }
};
std::optional<PatternCover> findCover(DilationAttr dilation);

// (query, key) pairs of one batch row of `time` tokens from position 0 whose scores are computed, over all
// heads and patterns; under a cover each pair that it shows is one.
double visiblePairs(DilationAttr dilation, const std::optional<PatternCover> &cover, int64_t time,
                    int64_t heads, bool bidirectional);

} // namespace rondo
