// The cost model: counted work against a target's rates.
#include "codegen/target/CostModel.h"

#include <algorithm>

namespace rondo::target {

static constexpr int64_t kSmallestChunk = 16;

// Streaming vector code overlaps with its traffic. Dots do not: their operands are packed and their
// accumulators drained before and after. Operands and results come from memory and go there. Calibrated
// against compiled retention on Zen 5 (widths 16 x 32 to 256 x 512, chunks 16 to 128): the chunk it picks is
// within 4 % of the quickest one measured.
double estimateSeconds(const Work &work, const Target &target) {
  bool staysInCache = work.workingSetBytes <= target.cacheBytes;
  double reuse = work.reuseBytes / (staysInCache ? target.cacheBandwidth : target.memoryBandwidth);
  return work.matmulFlops / target.matmulFlops + std::max(work.vectorFlops / target.vectorFlops, reuse) +
         work.bytes / target.memoryBandwidth;
}

std::vector<int64_t> chunkSizes(const Target &target) {
  std::vector<int64_t> sizes;
  for (int64_t chunk = kSmallestChunk; chunk <= target.sizes.maxChunk; chunk *= 2)
    sizes.push_back(chunk);
  return sizes;
}

} // namespace rondo::target
