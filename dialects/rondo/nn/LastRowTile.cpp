// The kernel of rondo.last_row: one row per batch row, picked by its length.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"

using namespace mlir;
using namespace rondo;

static ArrayRef<int64_t> inputShape(LastRowOp op) {
  return cast<RankedTensorType>(op.getX().getType()).getShape();
}

int64_t LastRowOp::getRegionColumns(const target::TileSizes &, int64_t granularity) {
  int64_t columns = inputShape(*this)[2];
  return columns % granularity == 0 ? columns : 0;
}

SmallVector<int64_t> LastRowOp::getGrid(const target::TileSizes &, int64_t) { return {inputShape(*this)[0]}; }

LogicalResult LastRowOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  int64_t time = inputShape(*this)[1], columns = inputShape(*this)[2];
  Value zero = tile.index(0);
  Value length = tile.scalar(kernel.buffer(getLength()), {ids[0], zero});
  Value valid =
      arith::IndexCastOp::create(kernel.builder(), kernel.loc(), kernel.builder().getIndexType(), length);
  Value last = tile.clamp(tile.sub(valid, tile.index(1)), 0, time - 1);
  Value row = kernel.operand(getX(), {tile.add(tile.times(ids[0], time), last), zero, 1, columns});
  // Select, so that NaN in the padding of an empty row does not come through.
  kernel.finish(tile.selectOrZero(tile.less(zero, valid), row), {ids[0], zero, 1, columns});
  return success();
}
