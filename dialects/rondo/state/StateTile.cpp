// The kernel of rondo.copy_state: a workgroup per batch row.
#include "dialects/rondo/OperandBytes.h"
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"

using namespace mlir;
using namespace rondo;

Work CopyStateOp::getWork() { return {.bytes = bytesOfOperandsAndResults(*this)}; }

int64_t CopyStateOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }

// Rows and columns of one batch row's state.
static RowsColumns rowState(CopyStateOp op) {
  auto type = cast<RankedTensorType>(op.getX().getType());
  RowsColumns view = stateView(type);
  return {view.rows / type.getDimSize(0), view.columns};
}

SmallVector<int64_t> CopyStateOp::getGrid(const target::TileSizes &sizes, int64_t) {
  return {cast<RankedTensorType>(getX().getType()).getDimSize(0),
          tileCount(rowState(*this).rows, sizes.rows)};
}

LogicalResult CopyStateOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  RowsColumns state = rowState(*this);
  forTile(kernel.builder(), kernel.loc(), ids[1], state.rows, kernel.sizes().rows,
          [&](Value row, int64_t rows) {
            Region region{row, tile.index(0), rows, state.columns};
            kernel.storeState(getY(), kernel.loadState(getX(), ids[0], region), ids[0], region);
          });
  return success();
}
