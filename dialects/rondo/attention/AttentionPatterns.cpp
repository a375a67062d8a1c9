// What the patterns of dilated attention say about heads, segments and cached keys.
#include "dialects/rondo/attention/AttentionPatterns.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace rondo;

LogicalResult DilationAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                                   ArrayRef<int64_t> segments, ArrayRef<int64_t> ratios, HeadOffsets) {
  if (segments.empty() || segments.size() != ratios.size())
    return emitError() << "expected as many ratios as segment lengths and at least one, found "
                       << segments.size() << " segment lengths and " << ratios.size() << " ratios";
  for (auto [segment, ratio] : llvm::zip_equal(segments, ratios))
    if (segment < 1 || ratio < 1 || ratio > segment)
      return emitError() << "expected 1 <= ratio <= segment length, found ratio " << ratio
                         << " of segments of " << segment;
  return success();
}

int64_t DilationAttr::getOffset(int64_t pattern, int64_t head, int64_t heads) const {
  int64_t ratio = getRatios()[pattern];
  return getOffsets() == HeadOffsets::Modulo ? head % ratio : head / llvm::divideCeil(heads, ratio);
}

int64_t DilationAttr::getCapacity(int64_t pattern) const {
  return llvm::divideCeil(getSegments()[pattern], getRatios()[pattern]);
}

SmallVector<CacheStream> rondo::cacheStreams(DilationAttr dilation, int64_t pattern, int64_t heads,
                                             int64_t keyHeads) {
  SmallVector<CacheStream> streams;
  for (int64_t head = 0; head < heads; ++head)
    streams.push_back({head / (heads / keyHeads), dilation.getOffset(pattern, head, heads)});
  llvm::sort(streams);
  streams.erase(llvm::unique(streams), streams.end());
  return streams;
}

// Counting costs an element of the covering pattern about three operations per covered one, which saves a
// product's row for one in ratio^2 elements.
static constexpr int64_t kMostCoveredRatio = 8;

std::optional<PatternCover> rondo::findCover(DilationAttr dilation) {
  ArrayRef<int64_t> segments = dilation.getSegments(), ratios = dilation.getRatios();
  std::optional<PatternCover> best;
  double most = 0; // pairs saved per token, twice
  for (int64_t pattern = 0; pattern < dilation.getPatternCount(); ++pattern) {
    if (ratios[pattern] != 1)
      continue;
    PatternCover cover{pattern, {}};
    double saved = 0;
    for (int64_t other = 0; other < dilation.getPatternCount(); ++other) {
      // The ratio divides the segment, so that a head sees the same residue of each.
      bool fits = segments[other] % segments[pattern] == 0 && segments[pattern] % ratios[other] == 0;
      if (other == pattern || !fits || ratios[other] > kMostCoveredRatio)
        continue;
      cover.covered.push_back(other);
      saved += static_cast<double>(segments[pattern]) / static_cast<double>(ratios[other] * ratios[other]);
    }
    if (saved > most) {
      most = saved;
      best = cover;
    }
  }
  return best;
}

double rondo::visiblePairs(DilationAttr dilation, const std::optional<PatternCover> &cover, int64_t time,
                           int64_t heads, bool bidirectional) {
  // Pairs that a head sees within segments of `length`.
  auto pairsWithin = [&](int64_t length, int64_t ratio, int64_t offset) {
    int64_t segment = std::min(length, time);
    auto pairsOf = [&](int64_t tokens) {
      auto rows = static_cast<double>(std::max<int64_t>(0, llvm::divideCeilSigned(tokens - offset, ratio)));
      return bidirectional ? rows * rows : rows * (rows + 1) / 2;
    };
    return static_cast<double>(time / segment) * pairsOf(segment) + pairsOf(time % segment);
  };
  double pairs = 0;
  for (int64_t pattern = 0; pattern < dilation.getPatternCount(); ++pattern) {
    int64_t ratio = dilation.getRatios()[pattern];
    for (int64_t head = 0; head < heads; ++head) {
      int64_t offset = dilation.getOffset(pattern, head, heads);
      pairs += pairsWithin(dilation.getSegments()[pattern], ratio, offset);
      if (cover && cover->covers(pattern))
        pairs -= pairsWithin(dilation.getSegments()[cover->pattern], ratio, offset);
    }
  }
  return pairs;
}
