// The backward kernels of attention: scores are computed again from q and k, and weights from the joint
// log-sum-exp.
#include "dialects/rondo/attention/AttentionKernel.h"
#include "dialects/rondo/interfaces/Tiling.h"

using namespace mlir;
using namespace rondo;

template <typename Op> static AttentionCall gradCall(Op op, ValueRange caches) {
  AttentionCall call = attentionCall(op, caches);
  call.lse = op.getLse();
  call.dO = op.getDO();
  return call;
}

namespace {

using Carry = AttentionKernel::Carry;

constexpr double kLeastWeight = 1e-30; // of a pattern in the mixture

// A tile of queries with what the backward pass reads beside them.
struct QueryTile {
  Value queries, dO, lse, delta; // delta null where it is not known yet
};

class BackwardKernel {
public:
  BackwardKernel(const AttentionCall &call, KernelBuilder &builder, ValueRange ids)
      : kernel(call, builder, ids[0]), tile(kernel.tile), head(ids[1]), begin(kernel.spanBegin(ids[2])),
        end(kernel.spanEnd(ids[2])) {}

protected:
  Value valueDots(const QueryTile &query, Value stagedValues) {
    return tile.dot(query.dO, stagedValues, Value(), /*transposeA=*/false, /*transposeB=*/true);
  }
  Value weights(const QueryTile &query, Value stagedKeys, bool causal, Value limit) {
    Value scores = kernel.masked(tile.dot(query.queries, stagedKeys, Value(), /*transposeA=*/false,
                                          /*transposeB=*/true),
                                 causal, limit);
    return tile.exp(tile.subF(scores, tile.column(query.lse, TileArithmetic::shapeOf(scores)[1])));
  }
  // ds = p (d_o . v - delta).
  Value scoreGradient(const QueryTile &query, Value weights, Value dots) {
    int64_t columns = TileArithmetic::shapeOf(weights)[1];
    return tile.mulF(weights, tile.subF(dots, tile.column(query.delta, columns)));
  }
  // The queries of `queryHead`; `distance` as for AttentionKernel::decayedQueries.
  QueryTile queryTile(const SparseTile &at, Value queryHead, Value distance) {
    const AttentionCall &call = kernel.call;
    QueryTile query{kernel.decayedQueries(kernel.load(call.q, at, queryHead), at.segment.ratio, distance),
                    kernel.load(call.dO, at, queryHead), kernel.loadColumn(call.lse, at, queryHead), Value()};
    if (call.delta) {
      int64_t numbers = AttentionCall::shape(call.delta)[3];
      int64_t number = numbers == 1 ? 0 : at.segment.pattern;
      query.delta =
          kernel.loadColumn(call.delta, at, tile.add(tile.times(queryHead, numbers), tile.index(number)));
    }
    return query;
  }

  AttentionKernel kernel;
  TileArithmetic &tile;
  Value head, begin, end; // a head of q or, in GradKeysKernel, of k
};

class GradQueriesKernel : BackwardKernel {
public:
  GradQueriesKernel(AttentionGradQueriesOp op, const AttentionCall &call, KernelBuilder &builder,
                    ValueRange ids)
      : BackwardKernel(call, builder, ids), op(op) {}

  void emit() {
    bool isFirst = kernel.firstCoversAll();
    if (!isFirst)
      kernel.clear(op.getDq(), begin, end, column(), width(), 0);
    for (int64_t pattern : kernel.walk.order()) {
      int64_t rows = kernel.queryRows(pattern);
      kernel.walk.overSegments(pattern, kernel.walk.offset(pattern, head), begin, end,
                               [&](const AttentionSegment &segment) {
                                 kernel.walk.loop(segment.ownBegin, segment.ownEnd, rows, [&](Value first) {
                                   emitTile(kernel.sparseTile(segment, first, segment.ownEnd, rows), isFirst);
                                 });
                               });
      isFirst = false;
    }
  }

private:
  int64_t width() const { return kernel.call.keyWidth(); }
  Value column() { return tile.times(head, width()); }

  void emitTile(const SparseTile &own, bool isFirst) {
    QueryTile query = queryTile(own, head, Value());
    query.queries = tile.stage(tile::Side::Lhs, query.queries);
    query.dO = tile.stage(tile::Side::Lhs, query.dO);
    Carry sums = kernel.overKeys(own, head, {tile.floats(0, {own.rows, width()})},
                                 [&](const AttentionKernel::Keys &keys, const Carry &before) -> Carry {
                                   Value staged = tile.stage(tile::Side::Rhs, keys.keys);
                                   Value p = weights(query, staged, keys.causal, keys.limit);
                                   Value dots = valueDots(query, tile.stage(tile::Side::Rhs, keys.values));
                                   return {tile.dot(scoreGradient(query, p, dots), staged, before[0])};
                                 });
    Value gradient = kernel.decayedQueries(sums[0], own.segment.ratio);
    if (!isFirst)
      gradient = tile.addF(kernel.loadResult(op.getDq(), own, column(), width()), gradient);
    kernel.storeResult(op.getDq(), gradient, own, column());
  }

  AttentionGradQueriesOp op;
};

// A workgroup owns rows of one head of k and v, and takes the query heads that share it one by one.
class GradKeysKernel : BackwardKernel {
public:
  GradKeysKernel(AttentionGradKeysOp op, const AttentionCall &call, KernelBuilder &builder, ValueRange ids)
      : BackwardKernel(call, builder, ids), op(op) {}

  void emit() {
    kernel.clear(op.getDk(), begin, end, keyColumn(), kernel.call.keyWidth(), 0);
    kernel.clear(op.getDv(), begin, end, valueColumn(), kernel.call.valueWidth(), 0);
    int64_t sharing = kernel.call.heads() / kernel.call.keyHeads();
    kernel.walk.loop(tile.index(0), tile.index(sharing), 1, [&](Value member) {
      Value queryHead = tile.add(tile.times(head, sharing), member);
      for (int64_t pattern : kernel.walk.order()) {
        int64_t rows = kernel.keyRows(pattern);
        kernel.walk.overSegments(pattern, kernel.walk.offset(pattern, queryHead), begin, end,
                                 [&](const AttentionSegment &segment) {
                                   kernel.walk.loop(segment.ownBegin, segment.ownEnd, rows, [&](Value first) {
                                     emitTile(kernel.sparseTile(segment, first, segment.ownEnd, rows),
                                              queryHead);
                                   });
                                 });
      }
    });
  }

private:
  Value keyColumn() { return tile.times(head, kernel.call.keyWidth()); }
  Value valueColumn() { return tile.times(head, kernel.call.valueWidth()); }

  void emitTile(const SparseTile &own, Value queryHead) {
    const AttentionSegment &segment = own.segment;
    Value keys =
        tile.stage(tile::Side::Rhs, kernel.decayedKeys(kernel.load(op.getK(), own, head), segment.ratio));
    Value values = tile.stage(tile::Side::Rhs, kernel.load(op.getV(), own, head));
    int64_t rows = kernel.queryRows(segment.pattern);
    bool causal = !kernel.call.bidirectional;
    Carry zeros{tile.floats(0, {own.rows, kernel.call.keyWidth()}),
                tile.floats(0, {own.rows, kernel.call.valueWidth()})};
    Carry sums = kernel.fold(causal ? own.first : segment.first, segment.end, rows, zeros,
                             [&](Value first, const Carry &before) -> Carry {
                               SparseTile at = kernel.sparseTile(segment, first, segment.end, rows);
                               Value distance = tile.sub(first, own.first);
                               QueryTile query = queryTile(at, queryHead, distance);
                               Value p = weights(query, keys, causal, causal ? distance : own.count);
                               Value ds = scoreGradient(query, p, valueDots(query, values));
                               return {tile.dot(tile.stage(tile::Side::Lhs, ds),
                                                tile.stage(tile::Side::Rhs, query.queries), before[0],
                                                /*transposeA=*/true),
                                       tile.dot(tile.stage(tile::Side::Lhs, p),
                                                tile.stage(tile::Side::Rhs, query.dO), before[1],
                                                /*transposeA=*/true)};
                             });
    addTo(op.getDk(), kernel.decayedKeys(sums[0], segment.ratio), own, keyColumn());
    addTo(op.getDv(), sums[1], own, valueColumn());
  }

  void addTo(Value result, Value rows, const SparseTile &own, Value column) {
    Value before = kernel.loadResult(result, own, column, TileArithmetic::shapeOf(rows)[1]);
    kernel.storeResult(result, tile.addF(before, rows), own, column);
  }

  AttentionGradKeysOp op;
};

class PatternDotsKernel : BackwardKernel {
public:
  PatternDotsKernel(AttentionPatternDotsOp op, const AttentionCall &call, KernelBuilder &builder,
                    ValueRange ids)
      : BackwardKernel(call, builder, ids), op(op) {}

  void emit() {
    int64_t patterns = kernel.call.dilation.getPatternCount();
    kernel.clear(op.getDelta(), begin, end, tile.times(head, patterns), patterns, 0);
    for (int64_t pattern : kernel.walk.order()) {
      int64_t rows = kernel.queryRows(pattern);
      Value column = tile.add(tile.times(head, patterns), tile.index(pattern));
      kernel.walk.overSegments(pattern, kernel.walk.offset(pattern, head), begin, end,
                               [&](const AttentionSegment &segment) {
                                 kernel.walk.loop(segment.ownBegin, segment.ownEnd, rows, [&](Value first) {
                                   emitTile(kernel.sparseTile(segment, first, segment.ownEnd, rows), column);
                                 });
                               });
    }
  }

private:
  // The mean of d_o . v under the pattern's own weights.
  void emitTile(const SparseTile &own, Value column) {
    QueryTile query = queryTile(own, head, Value());
    query.queries = tile.stage(tile::Side::Lhs, query.queries);
    query.dO = tile.stage(tile::Side::Lhs, query.dO);
    Carry sums = kernel.overKeys(
        own, head, {tile.floats(0, {own.rows}), tile.floats(0, {own.rows})},
        [&](const AttentionKernel::Keys &keys, const Carry &before) -> Carry {
          Value p = weights(query, tile.stage(tile::Side::Rhs, keys.keys), keys.causal, keys.limit);
          Value dots = valueDots(query, tile.stage(tile::Side::Rhs, keys.values));
          return {tile.addF(before[0], tile.reduce(tile::Combine::Add, tile.mulF(p, dots), 1)),
                  tile.addF(before[1], tile.reduce(tile::Combine::Add, p, 1))};
        });
    // Of a pattern that weighs nothing in the mixture nothing is left to divide: its gradient is 0, not NaN.
    Value delta = tile.divF(sums[0], tile.maxF(sums[1], tile.floats(kLeastWeight, {own.rows})));
    if (op.getDLse())
      delta = tile.subF(delta, kernel.loadColumn(op.getDLse(), own, head));
    kernel.storeResult(op.getDelta(), tile.reshape(delta, {own.rows, 1}), own, column);
  }

  AttentionPatternDotsOp op;
};

} // namespace

// ---- interfaces
// ----------------------------------------------------------------------------------------------------

static SmallVector<int64_t> spanGrid(Value rows, const target::TileSizes &sizes) {
  ArrayRef<int64_t> shape = AttentionCall::shape(rows);
  return {shape[0], shape[2], tileCount(shape[1], sizes.attentionSpan)};
}

int64_t AttentionGradQueriesOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }
bool AttentionGradQueriesOp::storesUnreadResults() { return false; }
SmallVector<int64_t> AttentionGradQueriesOp::getGrid(const target::TileSizes &sizes, int64_t) {
  return spanGrid(getQ(), sizes);
}
LogicalResult AttentionGradQueriesOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  AttentionCall call = gradCall(*this, getCaches());
  call.delta = getDelta();
  GradQueriesKernel(*this, call, kernel, ids).emit();
  return success();
}

int64_t AttentionGradKeysOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }
bool AttentionGradKeysOp::storesUnreadResults() { return true; }
SmallVector<int64_t> AttentionGradKeysOp::getGrid(const target::TileSizes &sizes, int64_t) {
  return spanGrid(getK(), sizes);
}
LogicalResult AttentionGradKeysOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  AttentionCall call = gradCall(*this, {});
  call.delta = getDelta();
  GradKeysKernel(*this, call, kernel, ids).emit();
  return success();
}

int64_t AttentionPatternDotsOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }
bool AttentionPatternDotsOp::storesUnreadResults() { return false; }
SmallVector<int64_t> AttentionPatternDotsOp::getGrid(const target::TileSizes &sizes, int64_t) {
  return spanGrid(getQ(), sizes);
}
LogicalResult AttentionPatternDotsOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  PatternDotsKernel(*this, gradCall(*this, getCaches()), kernel, ids).emit();
  return success();
}
