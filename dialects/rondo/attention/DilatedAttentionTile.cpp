// The forward kernel of attention: online softmax over one pattern after the other, each continuing in place
// what the patterns before it left in o and lse.
#include "dialects/rondo/attention/AttentionKernel.h"
#include "dialects/rondo/interfaces/Tiling.h"

#include <limits>

using namespace mlir;
using namespace rondo;

static constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

namespace {

class ForwardKernel {
public:
  ForwardKernel(DilatedAttentionOp op, KernelBuilder &builder, ValueRange ids)
      : op(op), kernel(attentionCall(op, op.getCaches()), builder, ids[0]), tile(kernel.tile), head(ids[1]),
        begin(kernel.spanBegin(ids[2])), end(kernel.spanEnd(ids[2])) {}

  void emit() {
    kernel.clear(op.getO(), begin, end, column(), width(), 0);
    kernel.clear(op.getLse(), begin, end, head, 1, kMinusInfinity);
    kernel.overOwnTiles(AttentionKernel::Own::Queries, head, begin, end, nullptr,
                        [&](const SparseTile &own) { emitTile(own); });
  }

private:
  using Carry = AttentionKernel::Carry; // largest score, denominator, weighted values

  int64_t width() const { return kernel.call.valueWidth(); }
  Value column() { return tile.times(head, width()); }

  // The softmax so far, as if it were that of one key: its weight is e^lse, its value o.
  Carry before(const SparseTile &own) {
    Value lse = tile.reshape(kernel.loadResult(op.getLse(), own, head, 1), {own.rows});
    return {lse, tile.floats(1, {own.rows}), kernel.loadResult(op.getO(), own, column(), width())};
  }

  void emitTile(const SparseTile &own) {
    Value queries = tile.stage(tile::Side::Lhs,
                               kernel.decayedQueries(kernel.load(op.getQ(), own, head), own.segment.pattern));
    Carry sums =
        kernel.overKeys(own, head, before(own), [&](const AttentionKernel::Keys &keys, const Carry &so) {
          return add(own, queries, keys, so);
        });
    kernel.storeResult(op.getO(), tile.divF(sums[2], tile.column(sums[1], width())), own, column());
    Value lse = tile.addF(sums[0], tile.log(sums[1]));
    kernel.storeResult(op.getLse(), tile.reshape(lse, {own.rows, 1}), own, head);
  }

  Carry add(const SparseTile &own, Value queries, const AttentionKernel::Keys &keys, const Carry &sums) {
    Value scores = kernel.masked(tile.dot(queries, tile.stage(tile::Side::Rhs, keys.keys), Value(),
                                          /*transposeA=*/false, /*transposeB=*/true, keys.scores()),
                                 keys.count);
    int64_t keyRows = TileArithmetic::shapeOf(scores)[1];
    Value largest = tile.maxF(sums[0], tile.reduce(tile::Combine::Max, scores, 1));
    Value weights =
        kernel.counted(tile.exp(tile.subF(scores, tile.column(largest, keyRows))), own, head, keys);
    Value shrink = tile.exp(tile.subF(sums[0], largest));
    Value denominator = tile.fma(sums[1], shrink, tile.reduce(tile::Combine::Add, weights, 1));
    Value values = tile.dot(weights, tile.stage(tile::Side::Rhs, keys.values),
                            tile.mulF(sums[2], tile.column(shrink, width())), /*transposeA=*/false,
                            /*transposeB=*/false, keys.weights());
    return {largest, denominator, values};
  }

  DilatedAttentionOp op;
  AttentionKernel kernel;
  TileArithmetic &tile;
  Value head, begin, end;
};

} // namespace

int64_t DilatedAttentionOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }
bool DilatedAttentionOp::storesUnreadResults() { return true; }

SmallVector<int64_t> DilatedAttentionOp::getGrid(const target::TileSizes &sizes, int64_t) {
  ArrayRef<int64_t> q = AttentionCall::shape(getQ());
  return {q[0], q[2], tileCount(q[1], sizes.attentionSpan)};
}

LogicalResult DilatedAttentionOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  ForwardKernel(*this, kernel, ids).emit();
  return success();
}
