// The backward kernels of attention that own queries or keys alone.
#include "dialects/rondo/attention/AttentionBackward.h"
#include "dialects/rondo/interfaces/Tiling.h"

using namespace mlir;
using namespace rondo;

static constexpr double kLeastWeight = 1e-30; // of a pattern in the mixture

QueryTile BackwardKernel::queryTile(const SparseTile &at, Value queryHead, Value distance) {
  const AttentionCall &call = kernel.call;
  QueryTile query{at,
                  queryHead,
                  kernel.decayedQueries(kernel.load(call.q, at, queryHead), at.segment.pattern, distance),
                  kernel.load(call.dO, at, queryHead),
                  kernel.loadColumn(call.lse, at, queryHead),
                  Value()};
  if (call.delta) {
    int64_t numbers = AttentionCall::shape(call.delta)[3];
    Value number = numbers == 1 ? tile.index(0) : at.segment.pattern.number;
    query.delta = kernel.loadColumn(call.delta, at, tile.add(tile.times(queryHead, numbers), number));
  }
  return query;
}

void BackwardKernel::addTo(Value result, Value rows, const SparseTile &at, Value head) {
  int64_t width = AttentionCall::shape(result)[3];
  Value column = tile.times(head, width);
  Value before = kernel.loadResult(result, at, column, width);
  kernel.storeResult(result, tile.addF(before, rows), at, column);
}

namespace {

class GradQueriesKernel : BackwardKernel {
public:
  GradQueriesKernel(const AttentionCall &call, KernelBuilder &builder, Value batch, Value head, Value dq)
      : BackwardKernel(call, builder, batch, head), dq(dq) {}

  void emit(Value span) {
    Value begin = kernel.spanBegin(span), end = kernel.spanEnd(span);
    clear(dq, head, begin, end);
    emitRows(begin, end, nullptr, &AttentionKernel::overKeys);
  }

  void emitPart(GradPart part, Value begin, Value end, AttentionKernel::PatternFilter wanted) {
    emitRows(begin, end, wanted,
             part == GradPart::CachedKeys ? &AttentionKernel::overCachedKeys : &AttentionKernel::overKeys);
  }

private:
  using Body = llvm::function_ref<Carry(const Keys &, const Carry &)>;
  using Walk = Carry (AttentionKernel::*)(const SparseTile &, Value, const Carry &, Body);

  void emitRows(Value begin, Value end, AttentionKernel::PatternFilter wanted, Walk walk) {
    kernel.overOwnTiles(AttentionKernel::Own::Queries, head, begin, end, wanted, [&](const SparseTile &own) {
      QueryTile query = queryTile(own, head, Value());
      query.queries = tile.stage(tile::Side::Lhs, query.queries);
      query.dO = tile.stage(tile::Side::Lhs, query.dO);
      Carry none{tile.floats(0, {own.rows, kernel.call.keyWidth()})};
      Carry sums = (kernel.*walk)(
          own, head, none, [&](const Keys &keys, const Carry &before) { return add(query, keys, before); });
      addTo(dq, kernel.decayedQueries(sums[0], own.segment.pattern), own, head);
    });
  }

  Carry add(const QueryTile &query, const Keys &unstaged, const Carry &before) {
    Keys keys = staged(unstaged);
    Value p = weights(query, kernel.masked(scores(query, keys), keys.count), keys);
    return {tile.dot(scoreGradient(query, p, valueDots(query, keys)), keys.keys, before[0],
                     /*transposeA=*/false, /*transposeB=*/false, keys.weights())};
  }

  Value dq;
};

// A workgroup owns rows of one head of k and v, and takes the query heads that share it one by one.
class GradKeysKernel : BackwardKernel {
public:
  GradKeysKernel(const AttentionCall &call, KernelBuilder &builder, Value batch, Value head, Value dk,
                 Value dv)
      : BackwardKernel(call, builder, batch, head), dk(dk), dv(dv) {}

  void emit(Value span) {
    Value begin = kernel.spanBegin(span), end = kernel.spanEnd(span);
    clear(dk, head, begin, end);
    clear(dv, head, begin, end);
    int64_t sharing = kernel.call.heads() / kernel.call.keyHeads();
    kernel.walk.loop(tile.index(0), tile.index(sharing), 1, [&](Value member) {
      Value queryHead = tile.add(tile.times(head, sharing), member);
      emitRows(queryHead, begin, end, nullptr);
    });
  }

  // With what queries of one head add.
  void emitRows(Value queryHead, Value begin, Value end, AttentionKernel::PatternFilter wanted) {
    kernel.overOwnTiles(AttentionKernel::Own::Keys, queryHead, begin, end, wanted,
                        [&](const SparseTile &own) { emitTile(own, queryHead); });
  }

private:
  void emitTile(const SparseTile &own, Value queryHead) {
    Keys keys = staged(kernel.keysAt(own, queryHead, Value(), own.count));
    Carry none{tile.floats(0, {own.rows, kernel.call.keyWidth()}),
               tile.floats(0, {own.rows, kernel.call.valueWidth()})};
    Carry sums =
        kernel.overQueries(own, none, [&](const SparseTile &at, Value distance, const Carry &before) {
          return add(at, queryHead, distance,
                     distance ? keys : Keys{keys.keys, keys.values, Value(), keys.first}, before);
        });
    addTo(dk, kernel.decayedKeys(sums[0], own.segment.pattern), own, head);
    addTo(dv, sums[1], own, head);
  }

  // With what queries of `at` add. Off the diagonal nothing is masked: a query or key that does not exist
  // adds to its own row or nothing.
  Carry add(const SparseTile &at, Value queryHead, Value distance, const Keys &keys, const Carry &before) {
    QueryTile query = queryTile(at, queryHead, distance);
    Value s = scores(query, keys);
    Value p = weights(query, keys.count ? s : kernel.masked(s, Value()), keys);
    Value ds = scoreGradient(query, p, valueDots(query, keys));
    return {tile.dot(tile.stage(tile::Side::Lhs, ds), tile.stage(tile::Side::Rhs, query.queries), before[0],
                     /*transposeA=*/true, /*transposeB=*/false, keys.transposedWeights()),
            tile.dot(tile.stage(tile::Side::Lhs, p), tile.stage(tile::Side::Rhs, query.dO), before[1],
                     /*transposeA=*/true, /*transposeB=*/false, keys.transposedWeights())};
  }

  Value dk, dv;
};

class PatternDotsKernel : BackwardKernel {
public:
  PatternDotsKernel(AttentionPatternDotsOp op, const AttentionCall &call, KernelBuilder &builder,
                    ValueRange ids)
      : BackwardKernel(call, builder, ids[0], ids[1]), op(op), begin(kernel.spanBegin(ids[2])),
        end(kernel.spanEnd(ids[2])) {}

  void emit() {
    int64_t patterns = kernel.call.dilation.getPatternCount();
    kernel.clear(op.getDelta(), begin, end, tile.times(head, patterns), patterns, 0);
    kernel.overOwnTiles(AttentionKernel::Own::Queries, head, begin, end, nullptr, [&](const SparseTile &own) {
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
          Value p = weights(query, kernel.masked(scores(query, keys), keys.count), keys);
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
  Value begin, end;
};

} // namespace

void rondo::emitGradQueries(const AttentionCall &call, KernelBuilder &kernel, ValueRange ids, Value dq) {
  GradQueriesKernel(call, kernel, ids[0], ids[1], dq).emit(ids[2]);
}
void rondo::addGradQueries(const AttentionCall &call, KernelBuilder &kernel, Value batch, Value head,
                           Value begin, Value end, GradPart part, AttentionKernel::PatternFilter wanted,
                           Value dq) {
  GradQueriesKernel(call, kernel, batch, head, dq).emitPart(part, begin, end, wanted);
}
void rondo::addGradKeys(const AttentionCall &call, KernelBuilder &kernel, Value batch, Value keyHead,
                        Value queryHead, Value begin, Value end, AttentionKernel::PatternFilter wanted,
                        Value dk, Value dv) {
  GradKeysKernel(call, kernel, batch, keyHead, dk, dv).emitRows(queryHead, begin, end, wanted);
}
void rondo::emitGradKeys(const AttentionCall &call, KernelBuilder &kernel, ValueRange ids, Value dk,
                         Value dv) {
  GradKeysKernel(call, kernel, ids[0], ids[1], dk, dv).emit(ids[2]);
}

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
  emitGradQueries(call, kernel, ids, getDq());
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
  emitGradKeys(call, kernel, ids, getDk(), getDv());
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
