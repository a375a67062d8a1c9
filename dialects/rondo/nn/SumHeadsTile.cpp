// The kernel of rondo.sum_heads.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"

using namespace mlir;
using namespace rondo;

static RankedTensorType resultType(SumHeadsOp op) { return cast<RankedTensorType>(op.getY().getType()); }

int64_t SumHeadsOp::getRegionColumns(const target::TileSizes &, int64_t granularity) {
  int64_t width = resultType(*this).getDimSize(3);
  return width % granularity ? 0 : width;
}

SmallVector<int64_t> SumHeadsOp::getGrid(const target::TileSizes &sizes, int64_t) {
  return {tileCount(sequenceView(resultType(*this)).rows, sizes.rows), resultType(*this).getDimSize(2)};
}

LogicalResult SumHeadsOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  int64_t width = resultType(*this).getDimSize(3);
  int64_t shared = cast<RankedTensorType>(getX().getType()).getDimSize(2) / resultType(*this).getDimSize(2);
  int64_t positions = sequenceView(resultType(*this)).rows;
  forTile(kernel.builder(), kernel.loc(), ids[0], positions, kernel.sizes().rows,
          [&](Value row, int64_t rows) {
            Value first = tile.times(ids[1], shared * width), sum;
            for (int64_t head = 0; head < shared; ++head) {
              Value column = tile.add(first, tile.index(head * width));
              Value x = kernel.operand(getX(), {row, column, rows, width});
              sum = sum ? tile.addF(sum, x) : x;
            }
            kernel.finish(sum, {row, tile.times(ids[1], width), rows, width});
          });
  return success();
}
