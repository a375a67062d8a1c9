// What the kernels of attention share.
#include "dialects/rondo/attention/AttentionKernel.h"

#include "dialects/rondo/attention/AttentionPatterns.h"
#include "dialects/rondo/interfaces/Tiling.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace rondo;

// ---- rows
// ----------------------------------------------------------------------------------------------------------

Value AttentionKernel::load(Value graph, const SparseTile &at, Value head) {
  int64_t width = AttentionCall::shape(graph)[3];
  return tile.loadRows(kernel.buffer(graph), {walk.bufferRow(at.segment, at.first), tile.times(head, width)},
                       {at.rows, width}, at.segment.pattern.ratio, at.count);
}

Value AttentionKernel::loadColumn(Value graph, const SparseTile &at, Value column) {
  Value loaded = tile.loadRows(kernel.buffer(graph), {walk.bufferRow(at.segment, at.first), column},
                               {at.rows, 1}, at.segment.pattern.ratio, at.count);
  return tile.reshape(loaded, {at.rows});
}

Value AttentionKernel::loadResult(Value result, const SparseTile &at, Value column, int64_t columns) {
  return tile.loadRows(kernel.resultBuffer(result), {walk.bufferRow(at.segment, at.first), column},
                       {at.rows, columns}, at.segment.pattern.ratio, at.count);
}

void AttentionKernel::storeResult(Value result, Value rows, const SparseTile &at, Value column) {
  tile.storeRows(rows, kernel.resultBuffer(result), {walk.bufferRow(at.segment, at.first), column},
                 at.segment.pattern.ratio, at.count);
}

void AttentionKernel::clear(Value result, Value begin, Value end, Value column, int64_t columns,
                            double value) {
  int64_t rows = std::min<int64_t>(kernel.sizes().rows, span());
  walk.loop(begin, end, rows, [&](Value row) {
    tile.storeRows(tile.floats(value, {rows, columns}), kernel.resultBuffer(result),
                   {walk.bufferRow(row), column}, tile.index(1),
                   tile.minI(tile.sub(end, row), tile.index(rows)));
  });
}

// ---- tiles
// ---------------------------------------------------------------------------------------------------------

int64_t AttentionKernel::longestRun(const PatternGroup &group) const {
  int64_t longest = 0;
  for (int64_t pattern : group.patterns)
    longest = std::max(longest, walk.longestRun(pattern));
  return longest;
}

int64_t AttentionKernel::tileRows(const PatternGroup &group, int64_t preferred) const {
  return mostRows(group.patterns.front(), std::min(preferred, longestRun(group)));
}

AttentionKernel::Role AttentionKernel::roleOf(int64_t pattern) const {
  if (!cover)
    return Role::Plain;
  return cover->pattern == pattern ? Role::Covering : cover->covers(pattern) ? Role::Covered : Role::Plain;
}

// Neighbours of one role for which lane decay allows equally long tiles.
SmallVector<PatternGroup> AttentionKernel::patternGroups(PatternFilter wanted) const {
  int64_t largest = std::max(kernel.sizes().attentionQueries, kernel.sizes().attentionKeys);
  SmallVector<PatternGroup> groups;
  for (auto [index, pattern] : llvm::enumerate(walk.order())) {
    if (wanted && !wanted(pattern))
      continue;
    auto position = static_cast<int64_t>(index);
    auto joins = [&](const PatternGroup &group) {
      int64_t first = group.patterns.front();
      return group.first + static_cast<int64_t>(group.patterns.size()) == position &&
             roleOf(first) == roleOf(pattern) && mostRows(first, largest) == mostRows(pattern, largest);
    };
    if (groups.empty() || !joins(groups.back()))
      groups.push_back({position, {}});
    groups.back().patterns.push_back(pattern);
  }
  return groups;
}

// Calls `body` with the sparse rows of each part of a covered pattern's segment, whose pairs the covering one
// shows, that has rows of the workgroup.
void AttentionKernel::overCoveredRows(const AttentionSegment &segment,
                                      llvm::function_ref<void(Value begin, Value end)> body) {
  const AttentionPattern &pattern = segment.pattern;
  int64_t length = call.dilation.getSegments()[cover->pattern];
  auto partOf = [&](Value sparse) {
    return tile.floorDividedBy(tile.add(tile.times(sparse, pattern.ratio), pattern.offset), length);
  };
  auto firstOf = [&](Value part) {
    Value sparse = tile.ceilDividedBy(tile.sub(tile.times(part, length), pattern.offset), pattern.ratio);
    return tile.minI(tile.maxI(sparse, segment.first), segment.end);
  };
  Value one = tile.index(1);
  Value last = partOf(tile.sub(segment.ownEnd, one));
  walk.loop(partOf(segment.ownBegin), tile.add(last, one), 1,
            [&](Value part) { body(firstOf(part), firstOf(tile.add(part, one))); });
}

void AttentionKernel::overOwnTiles(Own own, Value head, Value begin, Value end, PatternFilter wanted,
                                   llvm::function_ref<void(const SparseTile &)> body) {
  for (const PatternGroup &group : patternGroups(wanted)) {
    int64_t rows = own == Own::Queries ? queryRows(group) : keyRows(group);
    walk.overPatterns(group, head, [&](const AttentionPattern &pattern) {
      walk.overSegments(pattern, begin, end, [&](const AttentionSegment &segment) {
        if (roleOf(group.patterns.front()) != Role::Covered)
          return walk.loop(segment.ownBegin, segment.ownEnd, rows,
                           [&](Value first) { body(sparseTile(segment, first, segment.ownEnd, rows)); });
        overCoveredRows(segment, [&](Value coveredBegin, Value coveredEnd) {
          Value from = tile.maxI(segment.ownBegin, coveredBegin), to = tile.minI(segment.ownEnd, coveredEnd);
          walk.loop(from, to, rows, [&](Value first) {
            SparseTile at = sparseTile(segment, first, to, rows);
            at.coveredBegin = coveredBegin;
            at.coveredEnd = coveredEnd;
            body(at);
          });
        });
      });
    });
  }
}

// ---- lane decay
// ----------------------------------------------------------------------------------------------------

// A factor of e^40 between the rows of a tile, and as much again for keys, leaves 2^11 to either end of f32.
static constexpr double kMostDecay = 40;

int64_t AttentionKernel::mostRows(int64_t pattern, int64_t rows) const {
  double perRow = 0;
  if (call.laneLogDecay)
    for (double decay : *call.laneLogDecay)
      perRow = std::max(perRow, std::abs(decay) * static_cast<double>(call.dilation.getRatios()[pattern]));
  return perRow * static_cast<double>(rows) <= kMostDecay
             ? rows
             : std::max<int64_t>(1, static_cast<int64_t>(kMostDecay / perRow));
}

// `rows` times factor * exp(sign * decay * ratio * (distance + row)).
Value AttentionKernel::decayed(Value rows, const AttentionPattern &pattern, Value distance, double sign,
                               double factor) {
  ArrayRef<int64_t> shape = TileArithmetic::shapeOf(rows);
  if (!call.laneLogDecay)
    return factor == 1 ? rows : tile.mulF(rows, tile.floats(factor, shape));
  auto table = [&](ArrayRef<float> values) {
    auto type = RankedTensorType::get({static_cast<int64_t>(values.size()) / shape[1], shape[1]},
                                      kernel.builder().getF32Type());
    return kernel.table(DenseElementsAttr::get(type, values));
  };
  SmallVector<float> factors, exponents;
  for (int64_t each : pattern.group.patterns) {
    double scale = sign * static_cast<double>(call.dilation.getRatios()[each]);
    for (int64_t row = 0; row < shape[0]; ++row)
      for (double decay : *call.laneLogDecay)
        factors.push_back(static_cast<float>(factor * std::exp(scale * decay * static_cast<double>(row))));
    for (double decay : *call.laneLogDecay)
      exponents.push_back(static_cast<float>(scale * decay));
  }
  Value inGroup = tile.sub(pattern.position, tile.index(pattern.group.first)), zero = tile.index(0);
  Value scaled = tile.mulF(rows, tile.load(table(factors), {tile.times(inGroup, shape[0]), zero}, shape));
  if (!distance)
    return scaled;
  Value lanes = tile.load(table(exponents), {inGroup, zero}, {1, shape[1]});
  Value steps = tile.toFloat(tile.fill(tile.fromIndex(distance, 32), {1, shape[1]}));
  Value common = tile.reshape(tile.exp(tile.mulF(lanes, steps)), {shape[1]});
  return tile.mulF(scaled, tile.row(common, shape[0]));
}

Value AttentionKernel::decayedQueries(Value queries, const AttentionPattern &pattern, Value distance) {
  return decayed(queries, pattern, distance, 1, call.scale);
}

// Keys stand `distance` before the reference: exp(decay * ratio * (distance - row)).
Value AttentionKernel::decayedKeys(Value keys, const AttentionPattern &pattern, Value distance) {
  Value behind = distance && call.laneLogDecay ? tile.sub(tile.index(0), distance) : Value();
  return decayed(keys, pattern, behind, -1, 1);
}

// ---- scores
// --------------------------------------------------------------------------------------------------------

// One bound per row, so that an element costs a comparison and a choice.
Value AttentionKernel::masked(Value scores, Value count) {
  ArrayRef<int64_t> shape = TileArithmetic::shapeOf(scores);
  Value last = count ? tile.fill(tile.fromIndex(tile.sub(count, tile.index(1)), 32), {shape[0]})
                     : tile.iota(0, {shape[0]}, 32);
  Value visible = tile.lessOrEqual(tile.iota(1, shape, 32), tile.column(last, shape[1]));
  return tile.select(visible, scores, tile.floats(-std::numeric_limits<double>::infinity(), shape));
}

// 1 for those of `rows` rows from sparse row `first` of the covering pattern on that `pattern` shows, else 0.
Value AttentionKernel::shownRows(int64_t pattern, Value head, Value first, int64_t rows) {
  int64_t ratio = call.dilation.getRatios()[pattern];
  SmallVector<float> shown(rows + ratio, 0);
  for (int64_t row = 0; row < rows + ratio; row += ratio)
    shown[row] = 1;
  auto type = RankedTensorType::get({1, rows + ratio}, kernel.builder().getF32Type());
  Value table = kernel.table(DenseElementsAttr::get(type, ArrayRef<float>(shown)));
  Value before = tile.sub(tile.add(first, tile.index(ratio)), walk.offsetOf(pattern, head));
  return tile.reshape(tile.load(table, {tile.index(0), tile.remainder(before, ratio)}, {1, rows}), {rows});
}

Value AttentionKernel::counted(Value weights, const SparseTile &queries, Value head, const Keys &keys) {
  if (!keys.first || roleOf(queries.segment.pattern.group.patterns.front()) != Role::Covering)
    return weights;
  ArrayRef<int64_t> shape = TileArithmetic::shapeOf(weights);
  Value more;
  for (int64_t pattern : cover->covered) {
    Value query = tile.column(shownRows(pattern, head, queries.first, shape[0]), shape[1]);
    Value key = tile.row(shownRows(pattern, head, keys.first, shape[1]), shape[0]);
    more = more ? tile.fma(query, key, more) : tile.mulF(query, key);
  }
  return tile.fma(weights, more, weights);
}

// ---- loops
// ---------------------------------------------------------------------------------------------------------

AttentionKernel::Carry AttentionKernel::fold(Value from, Value to, int64_t step, const Carry &carry,
                                             llvm::function_ref<Carry(Value, const Carry &)> body) {
  auto loop = scf::ForOp::create(kernel.builder(), kernel.loc(), from, to, tile.index(step), carry,
                                 [&](OpBuilder &builder, Location loc, Value index, ValueRange carried) {
                                   Carry next = body(index, Carry(carried));
                                   scf::YieldOp::create(builder, loc, next);
                                 });
  return Carry(loop.getResults());
}

// Rows [first, first + count) of the stream of `head` in a pattern's cache.
Value AttentionKernel::cached(const AttentionPattern &pattern, bool values, Value head, Value first,
                              Value count, int64_t rows) {
  int64_t patterns = call.dilation.getPatternCount();
  SmallVector<int64_t> streamOfHead;
  SmallVector<Value> caches;
  for (int64_t each : walk.order()) {
    auto streams = cacheStreams(call.dilation, each, call.heads(), call.keyHeads());
    for (int64_t h = 0; h < call.heads(); ++h) {
      CacheStream wanted{h / (call.heads() / call.keyHeads()),
                         call.dilation.getOffset(each, h, call.heads())};
      streamOfHead.push_back(llvm::find(streams, wanted) - streams.begin());
    }
    caches.push_back(call.caches[2 * each + (values ? 1 : 0)]);
  }
  auto type = RankedTensorType::get({patterns, call.heads()}, kernel.builder().getI64Type());
  Value table = kernel.table(DenseElementsAttr::get(type, ArrayRef<int64_t>(streamOfHead)));
  Value stream = tile.toIndex(tile.scalar(table, {pattern.position, head}));
  Value begin = tile.add(tile.times(stream, pattern.capacity), first);
  rondo::Region region{begin, tile.index(0), rows, values ? call.valueWidth() : call.keyWidth()};
  return kernel.loadOneState(caches, pattern.position, batch, region, count);
}

AttentionKernel::Keys AttentionKernel::keysAt(const SparseTile &at, Value head, Value distance, Value count) {
  return {decayedKeys(load(call.k, at, keyHead(head)), at.segment.pattern, distance),
          load(call.v, at, keyHead(head)), count, at.first};
}

AttentionKernel::Carry
AttentionKernel::overCachedKeys(const SparseTile &own, Value head, const Carry &carry,
                                llvm::function_ref<Carry(const Keys &, const Carry &)> body) {
  const AttentionSegment &segment = own.segment;
  const AttentionPattern &pattern = segment.pattern;
  if (call.caches.empty())
    return carry;
  int64_t capacity = 0;
  for (int64_t each : pattern.group.patterns)
    capacity = std::max(capacity, call.dilation.getCapacity(each));
  int64_t rows = mostRows(pattern.group.patterns.front(), std::min(kernel.sizes().attentionKeys, capacity));
  return fold(tile.index(0), segment.first, rows, carry, [&](Value first, const Carry &before) {
    Value count = tile.minI(tile.sub(segment.first, first), tile.index(rows));
    Value keys =
        decayedKeys(cached(pattern, false, head, first, count, rows), pattern, tile.sub(own.first, first));
    Value values = cached(pattern, true, head, first, count, rows);
    return body({keys, values, count, Value()}, before);
  });
}

AttentionKernel::Carry
AttentionKernel::overKeys(const SparseTile &own, Value head, const Carry &carry,
                          llvm::function_ref<Carry(const Keys &, const Carry &)> body) {
  const AttentionSegment &segment = own.segment;
  const PatternGroup &group = segment.pattern.group;
  Carry current = overCachedKeys(own, head, carry, body);
  auto overRows = [&](Value from, Value to) {
    current = fold(from, to, keyRows(group), current, [&](Value first, const Carry &before) {
      SparseTile at = sparseTile(segment, first, to, keyRows(group));
      return body(keysAt(at, head, tile.sub(own.first, first), at.count), before);
    });
  };
  if (own.coveredBegin) {
    overRows(segment.first, own.coveredBegin);
    if (call.bidirectional)
      overRows(own.coveredEnd, segment.end);
    return current;
  }
  // Where one tile holds all queries of a segment, no key of the stretch stands before them.
  int64_t ownRows = call.ownRows ? call.ownRows : span();
  bool isOneTile = call.time() <= ownRows && longestRun(group) <= own.rows;
  Value end = call.bidirectional ? segment.end : own.first;
  if (call.bidirectional || !isOneTile)
    overRows(segment.first, end);
  return call.bidirectional ? current : body(keysAt(own, head, Value(), Value()), current);
}

AttentionKernel::Carry
AttentionKernel::overQueries(const SparseTile &own, const Carry &carry,
                             llvm::function_ref<Carry(const SparseTile &, Value, const Carry &)> body) {
  const AttentionSegment &segment = own.segment;
  Carry current = carry;
  int64_t rows = queryRows(segment.pattern.group);
  auto overRows = [&](Value from, Value to) {
    current = fold(from, to, rows, current, [&](Value first, const Carry &before) {
      return body(sparseTile(segment, first, to, rows), tile.sub(first, own.first), before);
    });
  };
  if (own.coveredBegin) {
    if (call.bidirectional)
      overRows(segment.first, own.coveredBegin);
    overRows(own.coveredEnd, segment.end);
  } else if (call.bidirectional) {
    overRows(segment.first, segment.end);
  } else {
    current = body(sparseTile(segment, own.first, segment.end, own.rows), Value(), current);
    overRows(tile.add(own.first, tile.index(own.rows)), segment.end);
  }
  return current;
}
