// The gradient of the RMS norm by its weight: a kernel of partial sums over blocks of positions, and one that
// adds them up.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"
#include "dialects/rondo/nn/RowNorm.h"

using namespace mlir;
using namespace rondo;

// Positions per step, few enough to stay in the first-level cache between the norm and the sum.
static constexpr int64_t stepPositions = 8;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

SmallVector<Value> RmsNormGradWeightOp::buildKernelOps(OpBuilder &builder) {
  Value sums = RmsNormGradBlocksOp::create(builder, getLoc(), getX(), getDy(), getEpsAttr());
  return {SumBlocksOp::create(builder, getLoc(), getType(), sums)};
}

int64_t RmsNormGradBlocksOp::getRegionColumns(const target::TileSizes &, int64_t granularity) {
  int64_t columns = typeOf(getSums()).getDimSize(1);
  return columns % granularity ? 0 : columns;
}

SmallVector<int64_t> RmsNormGradBlocksOp::getGrid(const target::TileSizes &, int64_t) {
  return {typeOf(getSums()).getDimSize(0)};
}

// `sum` plus the positions [row, row + rows): dy x r, added up over the runs of `width` columns.
static Value addPositions(RmsNormGradBlocksOp op, KernelBuilder &kernel, Value row, int64_t rows, Value sum) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  int64_t columns = sequenceView(typeOf(op.getX())).columns, width = typeOf(op.getSums()).getDimSize(1);
  rondo::Region region{row, tile.index(0), rows, columns};
  SmallVector<int64_t, 2> runs{rows * columns / width, width};
  Value x = tile.reshape(kernel.operand(op.getX(), region), runs);
  Value dy = tile.reshape(kernel.operand(op.getDy(), region), runs);
  Value r = inverseNorm(kernel.builder(), kernel.loc(), x, op.getEps().convertToDouble());
  Value terms = tile.mulF(tile.mulF(x, tile.column(r, width)), dy);
  return tile.addF(sum, tile.reduce(tile::Combine::Add, terms, 0));
}

LogicalResult RmsNormGradBlocksOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  int64_t positions = sequenceView(typeOf(getX())).rows, width = typeOf(getSums()).getDimSize(1);
  int64_t block = blockPositions(typeOf(getX()));
  forTile(kernel.builder(), kernel.loc(), ids[0], positions, block, [&](Value first, int64_t size) {
    Value sum = tile.floats(0, {width});
    int64_t whole = size / stepPositions * stepPositions;
    if (whole > 0) {
      auto loop = scf::ForOp::create(
          kernel.builder(), kernel.loc(), tile.index(0), tile.index(whole), tile.index(stepPositions), sum,
          [&](OpBuilder &builder, Location loc, Value at, ValueRange carried) {
            Value next = addPositions(*this, kernel, tile.add(first, at), stepPositions, carried[0]);
            scf::YieldOp::create(builder, loc, next);
          });
      sum = loop.getResult(0);
    }
    if (whole < size)
      sum = addPositions(*this, kernel, tile.add(first, tile.index(whole)), size - whole, sum);
    kernel.finish(tile.reshape(sum, {1, width}), {ids[0], tile.index(0), 1, width});
  });
  return success();
}

int64_t SumBlocksOp::getRegionColumns(const target::TileSizes &sizes, int64_t granularity) {
  int64_t columns = typeOf(getSum()).getDimSize(0);
  if (columns % granularity)
    return 0;
  return columns <= sizes.columns ? columns : sizes.columns / granularity * granularity;
}

SmallVector<int64_t> SumBlocksOp::getGrid(const target::TileSizes &sizes, int64_t granularity) {
  return {tileCount(typeOf(getSum()).getDimSize(0), getRegionColumns(sizes, granularity))};
}

LogicalResult SumBlocksOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  int64_t blocks = typeOf(getSums()).getDimSize(0), columns = typeOf(getSum()).getDimSize(0);
  forTile(kernel.builder(), kernel.loc(), ids[0], columns,
          getRegionColumns(kernel.sizes(), kernel.granularity()), [&](Value column, int64_t width) {
            Value sums = kernel.operand(getSums(), {tile.index(0), column, blocks, width});
            Value sum = tile.reduce(tile::Combine::Add, sums, 0);
            kernel.finish(tile.reshape(sum, {1, width}), {tile.index(0), column, 1, width});
          });
  return success();
}
