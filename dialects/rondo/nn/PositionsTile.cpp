// The kernel of rondo.positions: a count that restarts where documents do.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"

#include <algorithm>

using namespace mlir;
using namespace rondo;

// Positions of one batch row per step.
static constexpr int64_t blockColumns = 512;

int64_t PositionsOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }

SmallVector<int64_t> PositionsOp::getGrid(const target::TileSizes &, int64_t) {
  return {cast<RankedTensorType>(getP().getType()).getDimSize(0)};
}

namespace {

// p[t] = t - origin, where origin is the index at which the document began: -start, then the last reset at or
// before t.
class PositionsKernel {
public:
  PositionsKernel(PositionsOp op, KernelBuilder &kernel, Value batch)
      : op(op), kernel(kernel), batch(batch), tile(kernel.builder(), kernel.loc()) {
    if (Value length = op.getLength()) {
      Value valid = tile.scalar(kernel.buffer(length), {batch, tile.index(0)});
      validRows =
          arith::ExtSIOp::create(kernel.builder(), kernel.loc(), kernel.builder().getI64Type(), valid);
    }
  }

  Value loadOrigin() {
    if (!op.getStart())
      return tile.integers(0, {1, 1}, 64);
    Value zero = tile.index(0);
    Value start = kernel.loadState(op.getStart(), batch, {zero, zero, 1, 1});
    return tile.subI(tile.integers(0, {1, 1}, 64), start);
  }

  // Positions [column, column + columns); returns the origin after them.
  Value emitBlock(Value column, int64_t columns, Value origin) {
    SmallVector<int64_t, 2> shape{1, columns};
    Value first =
        arith::IndexCastOp::create(kernel.builder(), kernel.loc(), kernel.builder().getI64Type(), column);
    Value time = tile.addI(tile.iota(1, shape, 64), tile.fill(first, shape));
    Value origins = tile.fill(origin, shape);
    if (op.getReset()) {
      Value flags = tile.load(kernel.buffer(op.getReset()), {batch, column}, shape);
      Value begins = arith::CmpIOp::create(kernel.builder(), kernel.loc(), arith::CmpIPredicate::ne, flags,
                                           tile.integers(0, shape, 8));
      if (validRows)
        begins = tile.andI(begins, tile.less(time, tile.fill(validRows, shape)));
      origins = tile.scan(tile::Combine::Max, tile.select(begins, time, origins), 1);
      origin = tile.reshape(tile.reduce(tile::Combine::Max, origins, 1), {1, 1});
    }
    kernel.finish(tile.subI(time, origins), {batch, column, 1, columns});
    return origin;
  }

  void storeNext(Value origin, int64_t time) {
    if (op.getNext().use_empty())
      return;
    Value count = validRows ? tile.fill(validRows, {1, 1}) : tile.integers(time, {1, 1}, 64);
    Value zero = tile.index(0);
    kernel.storeState(op.getNext(), tile.subI(count, origin), batch, {zero, zero, 1, 1});
  }

private:
  PositionsOp op;
  KernelBuilder &kernel;
  Value batch;
  TileArithmetic tile;
  Value validRows; // i64, null if all are
};

} // namespace

LogicalResult PositionsOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  PositionsKernel positions(*this, kernel, ids[0]);
  int64_t time = cast<RankedTensorType>(getP().getType()).getDimSize(1);
  Value origin = positions.loadOrigin();
  int64_t whole = time / blockColumns * blockColumns;
  if (whole > 0) {
    auto loop = scf::ForOp::create(kernel.builder(), kernel.loc(), tile.index(0), tile.index(whole),
                                   tile.index(blockColumns), origin,
                                   [&](OpBuilder &builder, Location loc, Value column, ValueRange carried) {
                                     Value next = positions.emitBlock(column, blockColumns, carried[0]);
                                     scf::YieldOp::create(builder, loc, next);
                                   });
    origin = loop.getResult(0);
  }
  if (whole < time)
    origin = positions.emitBlock(tile.index(whole), time - whole, origin);
  positions.storeNext(origin, time);
  return success();
}
