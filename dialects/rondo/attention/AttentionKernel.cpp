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
                       {at.rows, width}, at.segment.ratio, at.count);
}

Value AttentionKernel::loadColumn(Value graph, const SparseTile &at, Value column) {
  Value loaded = tile.loadRows(kernel.buffer(graph), {walk.bufferRow(at.segment, at.first), column},
                               {at.rows, 1}, at.segment.ratio, at.count);
  return tile.reshape(loaded, {at.rows});
}

Value AttentionKernel::loadResult(Value result, const SparseTile &at, Value column, int64_t columns) {
  return tile.loadRows(kernel.resultBuffer(result), {walk.bufferRow(at.segment, at.first), column},
                       {at.rows, columns}, at.segment.ratio, at.count);
}

void AttentionKernel::storeResult(Value result, Value rows, const SparseTile &at, Value column) {
  tile.storeRows(rows, kernel.resultBuffer(result), {walk.bufferRow(at.segment, at.first), column},
                 at.segment.ratio, at.count);
}

void AttentionKernel::clear(Value result, Value begin, Value end, Value column, int64_t columns,
                            double value) {
  int64_t rows = std::min<int64_t>(kernel.sizes().rows, span());
  walk.loop(begin, end, rows, [&](Value row) {
    tile.storeRows(tile.floats(value, {rows, columns}), kernel.resultBuffer(result),
                   {walk.bufferRow(row), column}, 1, tile.minI(tile.sub(end, row), tile.index(rows)));
  });
}

bool AttentionKernel::firstCoversAll() const {
  return call.dilation.getRatios()[walk.order().front()] == 1 && !call.documents.index;
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
Value AttentionKernel::decayed(Value rows, int64_t ratio, Value distance, double sign, double factor) {
  ArrayRef<int64_t> shape = TileArithmetic::shapeOf(rows);
  if (!call.laneLogDecay)
    return factor == 1 ? rows : tile.mulF(rows, tile.floats(factor, shape));
  SmallVector<float> factors, exponents;
  for (int64_t row = 0; row < shape[0]; ++row)
    for (double decay : *call.laneLogDecay)
      factors.push_back(
          static_cast<float>(factor * std::exp(sign * decay * static_cast<double>(ratio * row))));
  auto type = RankedTensorType::get(shape, kernel.builder().getF32Type());
  Value table = kernel.table(DenseElementsAttr::get(type, ArrayRef<float>(factors)));
  Value scaled = tile.mulF(rows, tile.load(table, {tile.index(0), tile.index(0)}, shape));
  if (!distance)
    return scaled;
  for (double decay : *call.laneLogDecay)
    exponents.push_back(static_cast<float>(sign * decay * static_cast<double>(ratio)));
  auto lane = RankedTensorType::get({1, shape[1]}, kernel.builder().getF32Type());
  Value lanes = tile.load(kernel.table(DenseElementsAttr::get(lane, ArrayRef<float>(exponents))),
                          {tile.index(0), tile.index(0)}, {1, shape[1]});
  Value steps = tile.toFloat(tile.fill(tile.fromIndex(distance, 32), {1, shape[1]}));
  Value common = tile.reshape(tile.exp(tile.mulF(lanes, steps)), {shape[1]});
  return tile.mulF(scaled, tile.row(common, shape[0]));
}

Value AttentionKernel::decayedQueries(Value queries, int64_t ratio, Value distance) {
  return decayed(queries, ratio, distance, 1, call.scale);
}

// Keys stand `distance` before the reference: exp(decay * ratio * (distance - row)).
Value AttentionKernel::decayedKeys(Value keys, int64_t ratio, Value distance) {
  Value behind = distance && call.laneLogDecay ? tile.sub(tile.index(0), distance) : Value();
  return decayed(keys, ratio, behind, -1, 1);
}

// ---- scores
// --------------------------------------------------------------------------------------------------------

// One bound per row, so that an element costs a comparison and a choice.
Value AttentionKernel::masked(Value scores, bool causal, Value limit) {
  ArrayRef<int64_t> shape = TileArithmetic::shapeOf(scores);
  // c < n is c <= n - 1.
  Value bound = tile.fill(tile.fromIndex(causal ? limit : tile.sub(limit, tile.index(1)), 32), {shape[0]});
  if (causal)
    bound = tile.addI(bound, tile.iota(0, {shape[0]}, 32));
  Value visible = tile.lessOrEqual(tile.iota(1, shape, 32), tile.column(bound, shape[1]));
  return tile.select(visible, scores, tile.floats(-std::numeric_limits<double>::infinity(), shape));
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
Value AttentionKernel::cached(int64_t pattern, bool values, Value head, Value first, Value count,
                              int64_t rows) {
  auto streams = cacheStreams(call.dilation, pattern, call.heads(), call.keyHeads());
  SmallVector<int64_t> streamOfHead;
  for (int64_t h = 0; h < call.heads(); ++h) {
    CacheStream wanted{h / (call.heads() / call.keyHeads()),
                       call.dilation.getOffset(pattern, h, call.heads())};
    streamOfHead.push_back(llvm::find(streams, wanted) - streams.begin());
  }
  auto type = RankedTensorType::get({1, call.heads()}, kernel.builder().getI64Type());
  Value table = kernel.table(DenseElementsAttr::get(type, ArrayRef<int64_t>(streamOfHead)));
  Value stream = tile.toIndex(tile.scalar(table, {tile.index(0), head}));
  Value begin = tile.add(tile.times(stream, call.dilation.getCapacity(pattern)), first);
  rondo::Region region{begin, tile.index(0), rows, values ? call.valueWidth() : call.keyWidth()};
  return kernel.loadState(call.caches[2 * pattern + (values ? 1 : 0)], batch, region, count);
}

AttentionKernel::Carry
AttentionKernel::overKeys(const SparseTile &own, Value head, const Carry &carry,
                          llvm::function_ref<Carry(const Keys &, const Carry &)> body) {
  const AttentionSegment &segment = own.segment;
  Carry current = carry;
  if (!call.caches.empty()) {
    int64_t rows = mostRows(
        segment.pattern, std::min(kernel.sizes().attentionKeys, call.dilation.getCapacity(segment.pattern)));
    current = fold(tile.index(0), segment.first, rows, current, [&](Value first, const Carry &before) {
      Value count = tile.minI(tile.sub(segment.first, first), tile.index(rows));
      Value keys = decayedKeys(cached(segment.pattern, false, head, first, count, rows), segment.ratio,
                               tile.sub(own.first, first));
      Value values = cached(segment.pattern, true, head, first, count, rows);
      return body({keys, values, count, false}, before);
    });
  }
  int64_t rows = keyRows(segment.pattern);
  Value end = call.bidirectional ? segment.end : tile.add(own.first, own.count);
  return fold(segment.first, end, rows, current, [&](Value first, const Carry &before) {
    SparseTile at = sparseTile(segment, first, end, rows);
    Value distance = tile.sub(own.first, first);
    Value keys = decayedKeys(load(call.k, at, keyHead(head)), segment.ratio, distance);
    Value values = load(call.v, at, keyHead(head));
    return body({keys, values, call.bidirectional ? at.count : distance, !call.bidirectional}, before);
  });
}
