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
  using Keys = AttentionKernel::Keys;

  // `keys` staged.
  Value valueDots(const QueryTile &query, const Keys &keys) {
    return tile.dot(query.dO, keys.values, Value(), /*transposeA=*/false, /*transposeB=*/true, keys.scores());
  }
  Value scores(const QueryTile &query, const Keys &keys) {
    return tile.dot(query.queries, keys.keys, Value(), /*transposeA=*/false, /*transposeB=*/true,
                    keys.scores());
  }
  Value weights(const QueryTile &query, Value scores) {
    return tile.exp(tile.subF(scores, tile.column(query.lse, TileArithmetic::shapeOf(scores)[1])));
  }
  Keys staged(const Keys &keys) {
    return {tile.stage(tile::Side::Rhs, keys.keys), tile.stage(tile::Side::Rhs, keys.values), keys.count};
  }
  // ds = p (d_o . v - delta).
  Value scoreGradient(const QueryTile &query, Value weights, Value dots) {
    int64_t columns = TileArithmetic::shapeOf(weights)[1];
    return tile.mulF(weights, tile.subF(dots, tile.column(query.delta, columns)));
  }
  // The queries of `queryHead`; `distance` as for AttentionKernel::decayedQueries.
  QueryTile queryTile(const SparseTile &at, Value queryHead, Value distance) {
    const AttentionCall &call = kernel.call;
    QueryTile query{kernel.decayedQueries(kernel.load(call.q, at, queryHead), at.segment.pattern, distance),
                    kernel.load(call.dO, at, queryHead), kernel.loadColumn(call.lse, at, queryHead), Value()};
    if (call.delta) {
      int64_t numbers = AttentionCall::shape(call.delta)[3];
      Value number = numbers == 1 ? tile.index(0) : at.segment.pattern.number;
      query.delta = kernel.loadColumn(call.delta, at, tile.add(tile.times(queryHead, numbers), number));
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
    kernel.clear(op.getDq(), begin, end, column(), width(), 0);
    kernel.overOwnTiles(AttentionKernel::Own::Queries, head, begin, end,
                        [&](const SparseTile &own) { emitTile(own); });
  }

private:
  int64_t width() const { return kernel.call.keyWidth(); }
  Value column() { return tile.times(head, width()); }

  void emitTile(const SparseTile &own) {
    QueryTile query = queryTile(own, head, Value());
    query.queries = tile.stage(tile::Side::Lhs, query.queries);
    query.dO = tile.stage(tile::Side::Lhs, query.dO);
    Carry sums =
        kernel.overKeys(own, head, {tile.floats(0, {own.rows, width()})},
                        [&](const Keys &keys, const Carry &before) { return add(query, keys, before); });
    Value before = kernel.loadResult(op.getDq(), own, column(), width());
    Value gradient = tile.addF(before, kernel.decayedQueries(sums[0], own.segment.pattern));
    kernel.storeResult(op.getDq(), gradient, own, column());
  }

  Carry add(const QueryTile &query, const Keys &unstaged, const Carry &before) {
    Keys keys = staged(unstaged);
    Value p = weights(query, kernel.masked(scores(query, keys), keys.count));
    return {tile.dot(scoreGradient(query, p, valueDots(query, keys)), keys.keys, before[0],
                     /*transposeA=*/false, /*transposeB=*/false, keys.weights())};
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
      kernel.overOwnTiles(AttentionKernel::Own::Keys, queryHead, begin, end,
                          [&](const SparseTile &own) { emitTile(own, queryHead); });
    });
  }

private:
  Value keyColumn() { return tile.times(head, kernel.call.keyWidth()); }
  Value valueColumn() { return tile.times(head, kernel.call.valueWidth()); }

  void emitTile(const SparseTile &own, Value queryHead) {
    const AttentionSegment &segment = own.segment;
    Keys keys = staged({kernel.decayedKeys(kernel.load(op.getK(), own, head), segment.pattern),
                        kernel.load(op.getV(), own, head), own.count});
    Carry sums{tile.floats(0, {own.rows, kernel.call.keyWidth()}),
               tile.floats(0, {own.rows, kernel.call.valueWidth()})};
    Value from = segment.first;
    if (!kernel.call.bidirectional) {
      SparseTile at = kernel.sparseTile(segment, own.first, segment.end, own.rows);
      sums = add(at, queryHead, Value(), {keys.keys, keys.values, Value()}, sums);
      from = tile.add(own.first, tile.index(own.rows));
    }
    int64_t rows = kernel.queryRows(segment.pattern.group);
    sums = kernel.fold(from, segment.end, rows, sums, [&](Value first, const Carry &before) {
      SparseTile at = kernel.sparseTile(segment, first, segment.end, rows);
      return add(at, queryHead, tile.sub(first, own.first), keys, before);
    });
    addTo(op.getDk(), kernel.decayedKeys(sums[0], segment.pattern), own, keyColumn());
    addTo(op.getDv(), sums[1], own, valueColumn());
  }

  // With what queries of `at` add. Off the diagonal nothing is masked: a query or key that does not exist
  // adds to its own row or nothing.
  Carry add(const SparseTile &at, Value queryHead, Value distance, const Keys &keys, const Carry &before) {
    QueryTile query = queryTile(at, queryHead, distance);
    Value s = scores(query, keys);
    Value p = weights(query, keys.count ? s : kernel.masked(s, Value()));
    Value ds = scoreGradient(query, p, valueDots(query, keys));
    auto triangle = keys.count ? tile::Triangle::Full : tile::Triangle::UpperLhs;
    return {tile.dot(tile.stage(tile::Side::Lhs, ds), tile.stage(tile::Side::Rhs, query.queries), before[0],
                     /*transposeA=*/true, /*transposeB=*/false, triangle),
            tile.dot(tile.stage(tile::Side::Lhs, p), tile.stage(tile::Side::Rhs, query.dO), before[1],
                     /*transposeA=*/true, /*transposeB=*/false, triangle)};
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
    kernel.overOwnTiles(AttentionKernel::Own::Queries, head, begin, end, [&](const SparseTile &own) {
      emitTile(own, tile.add(tile.times(head, patterns), own.segment.pattern.number));
    });
  }

private:
  // The mean of d_o . v under the pattern's own weights.
  void emitTile(const SparseTile &own, Value column) {
    QueryTile query = queryTile(own, head, Value());
    query.queries = tile.stage(tile::Side::Lhs, query.queries);
    query.dO = tile.stage(tile::Side::Lhs, query.dO);
    Carry sums = kernel.overKeys(
        own, head, {tile.floats(0, {own.rows}), tile.floats(0, {own.rows})},
        [&](const Keys &unstaged, const Carry &before) -> Carry {
          Keys keys = staged(unstaged);
          Value p = weights(query, kernel.masked(scores(query, keys), keys.count));
          Value dots = valueDots(query, keys);
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
