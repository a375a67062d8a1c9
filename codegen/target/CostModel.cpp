// The cost model: counted work against a target's rates.
#include "codegen/target/CostModel.h"

#include <algorithm>

namespace rondo::target {

// A dot of r rows takes as long as r + kDotOverheadRows rows take at the full rate: filling and draining the
// accumulators, and packing its operands, cost the same however few rows share them.
static constexpr double kDotOverheadRows = 12;
static constexpr int64_t kSmallestChunk = 16;

// Arithmetic and traffic with the cache overlap; operands and results stream from memory before and after.
double estimateSeconds(const Work &work, const Target &target) {
  double overhead = work.dotRows > 0 ? 1 + kDotOverheadRows / work.dotRows : 1;
  double arithmetic =
      work.matmulFlops * overhead / target.matmulFlops + work.vectorFlops / target.vectorFlops;
  bool staysInCache = work.workingSetBytes <= target.cacheBytes;
  double reuse = work.reuseBytes / (staysInCache ? target.cacheBandwidth : target.memoryBandwidth);
  return std::max(arithmetic, reuse) + work.bytes / target.memoryBandwidth;
}

std::vector<int64_t> chunkSizes(const Target &target) {
  std::vector<int64_t> sizes;
  for (int64_t chunk = kSmallestChunk; chunk <= target.sizes.maxChunk; chunk *= 2)
    sizes.push_back(chunk);
  return sizes;
}

} // namespace rondo::target
