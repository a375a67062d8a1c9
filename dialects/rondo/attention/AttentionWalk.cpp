// How a workgroup of attention finds its rows.
#include "dialects/rondo/attention/AttentionWalk.h"

#include <numeric>

using namespace mlir;
using namespace rondo;

Value AttentionWalk::offset(int64_t pattern, Value head) {
  int64_t ratio = dilation.getRatios()[pattern];
  if (dilation.getOffsets() == HeadOffsets::Modulo)
    return tile.remainder(head, ratio);
  return tile.dividedBy(head, (heads + ratio - 1) / ratio);
}

SmallVector<int64_t> AttentionWalk::order() const {
  SmallVector<int64_t> patterns(dilation.getPatternCount());
  std::iota(patterns.begin(), patterns.end(), 0);
  llvm::sort(patterns, [&](int64_t a, int64_t b) {
    return std::pair(dilation.getRatios()[a], a) < std::pair(dilation.getRatios()[b], b);
  });
  return patterns;
}

int64_t AttentionWalk::longestRun(int64_t pattern) const {
  return (std::min(dilation.getSegments()[pattern], time) - 1) / dilation.getRatios()[pattern] + 1;
}

void AttentionWalk::loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body) {
  scf::ForOp::create(kernel.builder(), kernel.loc(), from, to, tile.index(step), ValueRange(),
                     [&](OpBuilder &builder, Location loc, Value index, ValueRange) {
                       body(index);
                       scf::YieldOp::create(builder, loc);
                     });
}

Value AttentionWalk::integer(Value graph, Value column) {
  return tile.toIndex(tile.scalar(kernel.buffer(graph), {batch, column}));
}

void AttentionWalk::overDocuments(Value begin, Value end, llvm::function_ref<void(const Document &)> body) {
  Value zero = tile.index(0), one = tile.index(1);
  if (!documents.index)
    return body({zero, tile.index(time), zero});
  Value firstPosition = integer(documents.positions, zero);
  Value from = integer(documents.index, begin), to = integer(documents.index, tile.sub(end, one));
  loop(from, tile.add(to, one), 1, [&](Value number) {
    // Beyond the last document of a full row there is no further bound, and nothing to do.
    Value last = tile.minI(tile.add(number, one), tile.index(time));
    Value documentBegin = integer(documents.bounds, number), documentEnd = integer(documents.bounds, last);
    Value continues = tile.equal(number, zero);
    Value origin = tile.select(continues, tile.sub(zero, firstPosition), documentBegin);
    body({documentBegin, documentEnd, origin});
  });
}

void AttentionWalk::overSegments(int64_t pattern, Value offset, Value begin, Value end,
                                 llvm::function_ref<void(const AttentionSegment &)> body) {
  int64_t length = dilation.getSegments()[pattern], ratio = dilation.getRatios()[pattern];
  Value zero = tile.index(0), one = tile.index(1);
  overDocuments(begin, end, [&](const Document &document) {
    Value from = tile.maxI(begin, document.begin), to = tile.minI(end, document.end);
    Value firstSegment = tile.floorDividedBy(tile.sub(from, document.origin), length);
    Value lastSegment = tile.floorDividedBy(tile.sub(tile.sub(to, document.origin), one), length);
    loop(firstSegment, tile.add(lastSegment, one), 1, [&](Value number) {
      Value segmentBegin = tile.add(document.origin, tile.times(number, length));
      Value segmentEnd = tile.minI(tile.add(segmentBegin, tile.index(length)), document.end);
      Value base = tile.add(segmentBegin, offset);
      // The first sparse row at or after a row of the stretch.
      auto sparse = [&](Value row) {
        return tile.maxI(tile.ceilDividedBy(tile.sub(row, base), ratio), zero);
      };
      body({pattern, ratio, base, sparse(document.begin), sparse(segmentEnd), sparse(from),
            sparse(tile.minI(to, segmentEnd))});
    });
  });
}
