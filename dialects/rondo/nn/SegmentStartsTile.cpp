// The kernel of rondo.segment_starts: each position is compared with the one before it.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"

using namespace mlir;
using namespace rondo;

// Positions of one batch row per workgroup.
static constexpr int64_t blockColumns = 4096;

static RankedTensorType resetType(SegmentStartsOp op) {
  return cast<RankedTensorType>(op.getReset().getType());
}

int64_t SegmentStartsOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }

SmallVector<int64_t> SegmentStartsOp::getGrid(const target::TileSizes &, int64_t) {
  int64_t time = resetType(*this).getDimSize(1);
  return {resetType(*this).getDimSize(0), std::max<int64_t>(1, tileCount(time - 1, blockColumns))};
}

LogicalResult SegmentStartsOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  OpBuilder &b = kernel.builder();
  Location loc = kernel.loc();
  TileArithmetic tile(b, loc);
  Value zero = tile.index(0);
  auto isFirst =
      scf::IfOp::create(b, loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, ids[1], zero),
                        /*withElseRegion=*/false);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(isFirst.thenBlock());
    kernel.finish(tile.integers(0, {1, 1}, 8), {ids[0], zero, 1, 1});
  }
  int64_t time = resetType(*this).getDimSize(1);
  if (time == 1)
    return success();
  forTile(b, loc, ids[1], time - 1, blockColumns, [&](Value before, int64_t columns) {
    Value column = tile.add(before, tile.index(1));
    Value previous = kernel.operand(getSegments(), {ids[0], before, 1, columns});
    Value current = kernel.operand(getSegments(), {ids[0], column, 1, columns});
    Value differs = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, current, previous);
    kernel.finish(tile.widen(differs, 8), {ids[0], column, 1, columns});
  });
  return success();
}
