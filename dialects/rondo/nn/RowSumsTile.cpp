// Sums over all rows, the gradients of weights and biases: a kernel of partial sums over blocks of positions,
// and one that adds them up.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"
#include "dialects/rondo/nn/RowBlocks.h"
#include "dialects/rondo/nn/RowNorm.h"

using namespace mlir;
using namespace rondo;

// Positions per step, few enough to stay in the first-level cache between the norm and the sum.
static constexpr int64_t stepPositions = 8;

// What the rows of a region add, as runs `[M, width]` of the result's width.
using RowTerms = function_ref<Value(const rondo::Region &region, ArrayRef<int64_t> runs)>;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

// The sums of block `ids[0]` of `rows`' positions.
static void emitBlock(KernelBuilder &kernel, ValueRange ids, RankedTensorType rows, RowTerms terms) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  auto [positions, columns] = sequenceView(rows);
  int64_t width = rows.getShape().back(), runs = columns / width;
  auto addPositions = [&, columns = columns](Value row, int64_t count, Value sum) {
    Value added = terms({row, tile.index(0), count, columns}, {count * runs, width});
    return tile.addF(sum, tile.reduce(tile::Combine::Add, added, 0));
  };
  forTile(kernel.builder(), kernel.loc(), ids[0], positions, blockPositions(rows),
          [&](Value first, int64_t size) {
            Value sum = tile.floats(0, {width});
            int64_t whole = size / stepPositions * stepPositions;
            if (whole > 0) {
              auto loop = scf::ForOp::create(
                  kernel.builder(), kernel.loc(), tile.index(0), tile.index(whole), tile.index(stepPositions),
                  sum, [&](OpBuilder &builder, Location loc, Value at, ValueRange carried) {
                    Value next = addPositions(tile.add(first, at), stepPositions, carried[0]);
                    scf::YieldOp::create(builder, loc, next);
                  });
              sum = loop.getResult(0);
            }
            if (whole < size)
              sum = addPositions(tile.add(first, tile.index(whole)), size - whole, sum);
            kernel.finish(tile.reshape(sum, {1, width}), {ids[0], tile.index(0), 1, width});
          });
}

// dy x r, x being centred first if the norm does so.
template <typename BlocksOp>
static void emitNormBlock(BlocksOp op, KernelBuilder &kernel, ValueRange ids, bool centres) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  emitBlock(kernel, ids, typeOf(op.getX()), [&](const rondo::Region &region, ArrayRef<int64_t> runs) {
    Value x = tile.reshape(kernel.operand(op.getX(), region), runs);
    Value dy = tile.reshape(kernel.operand(op.getDy(), region), runs);
    if (centres)
      x = centred(kernel.builder(), kernel.loc(), x);
    Value r = inverseNorm(kernel.builder(), kernel.loc(), x, op.getEps().convertToDouble());
    return tile.mulF(tile.mulF(x, tile.column(r, runs[1])), dy);
  });
}

// A region is a whole row of the sums.
static int64_t wholeRow(Value sums, int64_t granularity) {
  int64_t columns = typeOf(sums).getDimSize(1);
  return columns % granularity ? 0 : columns;
}

SmallVector<Value> RmsNormGradWeightOp::buildKernelOps(OpBuilder &builder) {
  Value sums = RmsNormGradBlocksOp::create(builder, getLoc(), getX(), getDy(), getEpsAttr());
  return {SumBlocksOp::create(builder, getLoc(), getType(), sums)};
}

SmallVector<Value> LayerNormGradWeightOp::buildKernelOps(OpBuilder &builder) {
  Value sums = LayerNormGradBlocksOp::create(builder, getLoc(), getX(), getDy(), getEpsAttr());
  return {SumBlocksOp::create(builder, getLoc(), getType(), sums)};
}

SmallVector<Value> SumRowsOp::buildKernelOps(OpBuilder &builder) {
  Value sums = SumRowsBlocksOp::create(builder, getLoc(), getDy());
  return {SumBlocksOp::create(builder, getLoc(), getType(), sums)};
}

int64_t RmsNormGradBlocksOp::getRegionColumns(const target::TileSizes &, int64_t granularity) {
  return wholeRow(getSums(), granularity);
}
SmallVector<int64_t> RmsNormGradBlocksOp::getGrid(const target::TileSizes &, int64_t) {
  return {typeOf(getSums()).getDimSize(0)};
}
LogicalResult RmsNormGradBlocksOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  emitNormBlock(*this, kernel, ids, /*centres=*/false);
  return success();
}

int64_t LayerNormGradBlocksOp::getRegionColumns(const target::TileSizes &, int64_t granularity) {
  return wholeRow(getSums(), granularity);
}
SmallVector<int64_t> LayerNormGradBlocksOp::getGrid(const target::TileSizes &, int64_t) {
  return {typeOf(getSums()).getDimSize(0)};
}
LogicalResult LayerNormGradBlocksOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  emitNormBlock(*this, kernel, ids, /*centres=*/true);
  return success();
}

int64_t SumRowsBlocksOp::getRegionColumns(const target::TileSizes &, int64_t granularity) {
  return wholeRow(getSums(), granularity);
}
SmallVector<int64_t> SumRowsBlocksOp::getGrid(const target::TileSizes &, int64_t) {
  return {typeOf(getSums()).getDimSize(0)};
}
LogicalResult SumRowsBlocksOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  emitBlock(kernel, ids, typeOf(getDy()), [&](const rondo::Region &region, ArrayRef<int64_t> runs) {
    return tile.reshape(kernel.operand(getDy(), region), runs);
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
