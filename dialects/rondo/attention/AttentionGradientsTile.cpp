// The backward kernel of attention for all three gradients. Of patterns whose segments a workgroup owns whole
// it computes scores and weights once: it owns keys tile by tile and adds to dq in place. Of those with
// longer segments it goes through its queries and then through its keys. Where even the shortest segments
// leave too few workgroups, some own queries and others keys.
#include "dialects/rondo/attention/AttentionBackward.h"
#include "dialects/rondo/interfaces/Tiling.h"

#include <numeric>

using namespace mlir;
using namespace rondo;

namespace {

class GradientsKernel : BackwardKernel {
public:
  GradientsKernel(const AttentionCall &call, KernelBuilder &builder, ValueRange ids, Value dq, Value dk,
                  Value dv)
      : BackwardKernel(call, builder, ids[0], ids[1]), dq(dq), dk(dk), dv(dv) {}

  // For part `number` of a row: from the end of a segment of `rows` positions to that of another.
  void emit(Value number, int64_t rows, AttentionKernel::PatternFilter isWhole) {
    const AttentionCall &call = kernel.call;
    Value begin = kernel.walk.segmentEnd(tile.times(number, rows), rows);
    Value end = kernel.walk.segmentEnd(tile.times(tile.add(number, tile.index(1)), rows), rows);
    clear(dk, head, begin, end);
    clear(dv, head, begin, end);
    int64_t sharing = call.heads() / call.keyHeads();
    kernel.walk.loop(tile.index(0), tile.index(sharing), 1, [&](Value member) {
      Value queryHead = tile.add(tile.times(head, sharing), member);
      clear(dq, queryHead, begin, end);
      if (!call.caches.empty())
        addGradQueries(call, kernel.kernel, kernel.batch, queryHead, begin, end, GradPart::CachedKeys,
                       isWhole, dq);
      kernel.overOwnTiles(AttentionKernel::Own::Keys, queryHead, begin, end, isWhole,
                          [&](const SparseTile &own) { emitTile(own, queryHead); });
      auto isLonger = [&](int64_t pattern) { return !isWhole(pattern); };
      addGradQueries(call, kernel.kernel, kernel.batch, queryHead, begin, end, GradPart::AllKeys, isLonger,
                     dq);
      addGradKeys(call, kernel.kernel, kernel.batch, head, queryHead, begin, end, isLonger, dk, dv);
    });
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

  // Keys that do not exist are masked: dq adds up over all keys of the tile.
  Carry add(const SparseTile &at, Value queryHead, Value distance, const Keys &keys, const Carry &before) {
    QueryTile query = queryTile(at, queryHead, distance);
    Value p = weights(query, kernel.masked(scores(query, keys), keys.count), keys);
    Value ds = tile.stage(tile::Side::Lhs, scoreGradient(query, p, valueDots(query, keys)));
    Value gradient =
        tile.dot(ds, keys.keys, Value(), /*transposeA=*/false, /*transposeB=*/false, keys.weights());
    addTo(dq, kernel.decayedQueries(gradient, at.segment.pattern, distance), at, queryHead);
    return {tile.dot(ds, tile.stage(tile::Side::Rhs, query.queries), before[0],
                     /*transposeA=*/true, /*transposeB=*/false, keys.transposedWeights()),
            tile.dot(tile.stage(tile::Side::Lhs, p), tile.stage(tile::Side::Rhs, query.dO), before[1],
                     /*transposeA=*/true, /*transposeB=*/false, keys.transposedWeights())};
  }

  Value dq, dk, dv;
};

} // namespace

// How many positions of a document, from its position 0 on, a workgroup owns: whole segments of as many
// patterns as leave enough workgroups. 0 if there are none.
static int64_t ownRows(const AttentionCall &call, const target::TileSizes &sizes) {
  SmallVector<int64_t> lengths(call.dilation.getSegments());
  llvm::sort(lengths);
  int64_t rows = 1, owned = 0;
  for (int64_t length : lengths) {
    // Of two numbers below T, of which rows in memory are counted.
    rows = length >= call.time() ? call.time() : std::min(std::lcm(rows, length), call.time());
    if (call.batch() * call.keyHeads() * tileCount(call.time(), rows) < sizes.workgroups)
      break;
    owned = rows;
  }
  return owned;
}

int64_t AttentionGradientsOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }
bool AttentionGradientsOp::storesUnreadResults() { return true; }

SmallVector<int64_t> AttentionGradientsOp::getGrid(const target::TileSizes &sizes, int64_t) {
  AttentionCall call = gradCall(*this, getCaches());
  if (int64_t rows = ownRows(call, sizes))
    return {call.batch(), call.keyHeads(), tileCount(call.time(), rows)};
  return {call.batch(), call.heads(), tileCount(call.time(), sizes.attentionSpan), 2};
}

// Workgroups with the last number 0 own queries, those with 1 keys.
static void emitApart(AttentionGradientsOp op, const AttentionCall &call, KernelBuilder &kernel,
                      ValueRange ids) {
  OpBuilder &builder = kernel.builder();
  TileArithmetic tile(builder, kernel.loc());
  auto branch =
      scf::IfOp::create(builder, kernel.loc(), tile.equal(ids[3], tile.index(0)), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  emitGradQueries(call, kernel, ids.drop_back(), op.getDq());
  builder.setInsertionPointToStart(branch.elseBlock());
  Value isHead = tile.less(ids[1], tile.index(call.keyHeads()));
  auto keys = scf::IfOp::create(builder, kernel.loc(), isHead, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(keys.thenBlock());
  emitGradKeys(call, kernel, ids.drop_back(), op.getDk(), op.getDv());
}

LogicalResult AttentionGradientsOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  AttentionCall call = gradCall(*this, getCaches());
  call.delta = getDelta();
  int64_t rows = ownRows(call, kernel.sizes());
  if (rows == 0) {
    emitApart(*this, call, kernel, ids);
    return success();
  }
  call.ownRows = rows;
  auto isWhole = [&](int64_t pattern) {
    return rows == call.time() || rows % call.dilation.getSegments()[pattern] == 0;
  };
  GradientsKernel(call, kernel, ids, getDq(), getDk(), getDv()).emit(ids[2], rows, isWhole);
  return success();
}
