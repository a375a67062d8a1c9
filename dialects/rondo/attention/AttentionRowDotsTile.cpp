// The kernel of rondo.attention_row_dots: per row and head a dot product.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"

using namespace mlir;
using namespace rondo;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

int64_t AttentionRowDotsOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }

SmallVector<int64_t> AttentionRowDotsOp::getGrid(const target::TileSizes &sizes, int64_t) {
  ArrayRef<int64_t> shape = shapeOf(getO());
  return {tileCount(shape[0] * shape[1], sizes.rows), shape[2]};
}

LogicalResult AttentionRowDotsOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  ArrayRef<int64_t> shape = shapeOf(getO());
  Value head = ids[1];
  forTile(kernel.builder(), kernel.loc(), ids[0], shape[0] * shape[1], kernel.sizes().rows,
          [&](Value row, int64_t rows) {
            rondo::Region region{row, tile.times(head, shape[3]), rows, shape[3]};
            Value products = tile.mulF(kernel.operand(getO(), region), kernel.operand(getDO(), region));
            Value dots = tile.reshape(tile.reduce(tile::Combine::Add, products, 1), {rows, 1});
            rondo::Region column{row, head, rows, 1};
            if (getDLse())
              dots = tile.subF(dots, kernel.operand(getDLse(), column));
            kernel.finish(dots, column);
          });
  return success();
}
