// Counted work of attention: a pair is a product of D and one of Dv in the forward pass.
#include "dialects/rondo/OperandBytes.h"
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/attention/AttentionPatterns.h"

using namespace mlir;
using namespace rondo;

static constexpr double kExponential = 8;

static int64_t dim(Value value, unsigned index) {
  return cast<RankedTensorType>(value.getType()).getDimSize(index);
}

// Pairs of all batch rows; half of what the caches can hold counts for queries of a later stretch.
template <typename Op>
static double pairsOf(Op op, ValueRange caches, const std::optional<PatternCover> &cover) {
  int64_t time = dim(op.getQ(), 1), heads = dim(op.getQ(), 2);
  double pairs = visiblePairs(op.getDilation(), cover, time, heads, op.getBidirectional());
  for (int64_t pattern = 0; pattern < static_cast<int64_t>(caches.size()) / 2; ++pattern)
    pairs += 0.5 * static_cast<double>(op.getDilation().getCapacity(pattern)) *
             static_cast<double>(time * heads) / static_cast<double>(op.getDilation().getRatios()[pattern]);
  return pairs * static_cast<double>(dim(op.getQ(), 0));
}

// `keyProducts` products of width D and `valueProducts` of width Dv for each pair.
template <typename Op>
static Work pairWork(Op op, ValueRange caches, const std::optional<PatternCover> &cover, double keyProducts,
                     double valueProducts) {
  double pairs = pairsOf(op, caches, cover);
  return {.matmulFlops = 2 * pairs *
                         (keyProducts * static_cast<double>(dim(op.getQ(), 3)) +
                          valueProducts * static_cast<double>(dim(op.getV(), 3))),
          .vectorFlops = (kExponential + 2) * pairs,
          .bytes = bytesOfOperandsAndResults(op)};
}

// Where each pattern has a delta of its own, none covers another.
template <typename Op> static std::optional<PatternCover> coverOf(Op op) {
  return dim(op.getDelta(), 3) == 1 ? findCover(op.getDilation()) : std::nullopt;
}

Work DilatedAttentionOp::getWork() { return pairWork(*this, getCaches(), findCover(getDilation()), 1, 1); }
Work AttentionPatternDotsOp::getWork() { return pairWork(*this, getCaches(), std::nullopt, 1, 1); }
Work AttentionGradQueriesOp::getWork() { return pairWork(*this, getCaches(), coverOf(*this), 2, 1); }
Work AttentionGradKeysOp::getWork() { return pairWork(*this, {}, coverOf(*this), 2, 2); }
Work AttentionGradientsOp::getWork() { return pairWork(*this, getCaches(), coverOf(*this), 3, 2); }

Work AttentionRowDotsOp::getWork() {
  return {.vectorFlops = 2 * elementCount(getO()), .bytes = bytesOfOperandsAndResults(*this)};
}

Work DocumentsOp::getWork() {
  return {.vectorFlops = elementCount(getIndex()), .bytes = bytesOfOperandsAndResults(*this)};
}

Work AppendCacheOp::getWork() {
  double rows = std::min(byteCount(getRows()), byteCount(getCache()));
  return {.bytes = 2 * rows};
}
