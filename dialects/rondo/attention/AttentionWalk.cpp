// How a workgroup of attention finds its rows.
#include "dialects/rondo/attention/AttentionWalk.h"

#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace rondo;

int64_t AttentionWalk::property(int64_t pattern, Column column) const {
  switch (column) {
  case Number:
    return pattern;
  case Length:
    return dilation.getSegments()[pattern];
  case Ratio:
    return dilation.getRatios()[pattern];
  case HeadsPerResidue:
    return llvm::divideCeil(heads, dilation.getRatios()[pattern]);
  default:
    return dilation.getCapacity(pattern);
  }
}

void AttentionWalk::overPatterns(const PatternGroup &group, Value head,
                                 llvm::function_ref<void(const AttentionPattern &)> body) {
  auto call = [&](Value position, llvm::function_ref<Value(Column)> get) {
    Value ratio = get(Ratio);
    Value offset = dilation.getOffsets() == HeadOffsets::Modulo ? tile.remainder(head, ratio)
                                                                : tile.dividedBy(head, get(HeadsPerResidue));
    body({group, position, get(Number), get(Length), ratio, offset, get(Capacity)});
  };
  if (group.patterns.size() == 1)
    return call(tile.index(group.first),
                [&](Column column) { return tile.index(property(group.patterns.front(), column)); });
  SmallVector<int64_t> values;
  for (int64_t pattern : order())
    for (int64_t column = 0; column < Columns; ++column)
      values.push_back(property(pattern, static_cast<Column>(column)));
  auto type = RankedTensorType::get({dilation.getPatternCount(), Columns}, kernel.builder().getI64Type());
  Value table = kernel.table(DenseElementsAttr::get(type, ArrayRef<int64_t>(values)));
  auto count = static_cast<int64_t>(group.patterns.size());
  loop(tile.index(group.first), tile.index(group.first + count), 1, [&](Value position) {
    call(position,
         [&](Column column) { return tile.toIndex(tile.scalar(table, {position, tile.index(column)})); });
  });
}

Value AttentionWalk::offsetOf(int64_t pattern, Value head) {
  return dilation.getOffsets() == HeadOffsets::Modulo
             ? tile.remainder(head, property(pattern, Ratio))
             : tile.dividedBy(head, property(pattern, HeadsPerResidue));
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
  Value from = integer(documents.index, begin), to = integer(documents.index, tile.sub(end, one));
  loop(from, tile.add(to, one), 1, [&](Value number) { body(document(number)); });
}

AttentionWalk::Document AttentionWalk::document(Value number) {
  Value zero = tile.index(0), one = tile.index(1);
  // Beyond the last document of a full row there is no further bound, and nothing to do.
  Value last = tile.minI(tile.add(number, one), tile.index(time));
  Value begin = integer(documents.bounds, number), end = integer(documents.bounds, last);
  Value continued = tile.sub(zero, integer(documents.positions, zero));
  return {begin, end, tile.select(tile.equal(number, zero), continued, begin)};
}

Value AttentionWalk::segmentEnd(Value row, int64_t length) {
  Value stop = tile.index(time);
  if (!documents.index)
    return tile.minI(row, stop);
  Value inside = tile.minI(row, tile.index(time - 1));
  Document own = document(integer(documents.index, inside));
  Value segments = tile.ceilDividedBy(tile.sub(row, own.origin), length);
  Value end = tile.minI(tile.add(own.origin, tile.times(segments, length)), own.end);
  // Rows beyond the last document are in no segment.
  end = tile.minI(tile.maxI(end, row), stop);
  return tile.select(tile.equal(row, tile.index(0)), row, end);
}

void AttentionWalk::overSegments(const AttentionPattern &pattern, Value begin, Value end,
                                 llvm::function_ref<void(const AttentionSegment &)> body) {
  Value length = pattern.length;
  Value zero = tile.index(0), one = tile.index(1);
  overDocuments(begin, end, [&](const Document &document) {
    Value from = tile.maxI(begin, document.begin), to = tile.minI(end, document.end);
    Value firstSegment = tile.floorDividedBy(tile.sub(from, document.origin), length);
    Value lastSegment = tile.floorDividedBy(tile.sub(tile.sub(to, document.origin), one), length);
    loop(firstSegment, tile.add(lastSegment, one), 1, [&](Value number) {
      Value segmentBegin = tile.add(document.origin, tile.times(number, length));
      Value segmentEnd = tile.minI(tile.add(segmentBegin, length), document.end);
      Value base = tile.add(segmentBegin, pattern.offset);
      // The first sparse row at or after a row of the stretch.
      auto sparse = [&](Value row) {
        return tile.maxI(tile.ceilDividedBy(tile.sub(row, base), pattern.ratio), zero);
      };
      body({pattern, base, sparse(document.begin), sparse(segmentEnd), sparse(from),
            sparse(tile.minI(to, segmentEnd))});
    });
  });
}
