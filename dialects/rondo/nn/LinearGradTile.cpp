// The kernels of linear's gradients: grids of regions, each a loop of dots over blocks of the contraction
// whose sum is carried. The last block stands behind the loop, so that what follows the product is fused to
// it.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"

#include <numeric>

using namespace mlir;
using namespace rondo;

static RowsColumns viewOf(Value value) { return sequenceView(cast<RankedTensorType>(value.getType())); }

// Sum over blocks of `extent` of what `dot` adds to its accumulator at [begin, begin + size).
static Value sumBlocks(KernelBuilder &kernel, ArrayRef<int64_t> shape, int64_t extent, int64_t block,
                       function_ref<Value(Value begin, int64_t size, Value sum)> dot) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  int64_t looped = (tileCount(extent, block) - 1) * block;
  Value sum;
  if (looped > 0) {
    Value zeros = tile.floats(0, shape);
    auto loop = scf::ForOp::create(kernel.builder(), kernel.loc(), tile.index(0), tile.index(looped),
                                   tile.index(block), zeros,
                                   [&](OpBuilder &builder, Location loc, Value begin, ValueRange carried) {
                                     scf::YieldOp::create(builder, loc, dot(begin, block, carried[0]));
                                   });
    sum = loop.getResult(0);
  }
  return dot(tile.index(looped), extent - looped, sum);
}

// ---- dx = dy W
// --------------------------------------------------------------------------------------------

int64_t LinearGradInputOp::getRegionColumns(const target::TileSizes &sizes, int64_t granularity) {
  int64_t columns = viewOf(getDx()).columns;
  if (columns % granularity)
    return 0;
  if (columns <= sizes.columns)
    return columns;
  return sizes.columns / std::lcm(granularity, sizes.panel) * std::lcm(granularity, sizes.panel);
}

// Each region transposes its blocks of W, so it has as many rows as leave enough regions.
static int64_t regionRows(LinearGradInputOp op, const target::TileSizes &sizes, int64_t granularity) {
  RowsColumns dx = viewOf(op.getDx());
  int64_t across = tileCount(dx.columns, op.getRegionColumns(sizes, granularity)), rows = sizes.gradientRows;
  while (rows / 2 >= sizes.rows && across * tileCount(dx.rows, rows) < sizes.workgroups)
    rows /= 2;
  return rows;
}

// Rows vary fastest: consecutive workgroups read one block of the weight again and again.
SmallVector<int64_t> LinearGradInputOp::getGrid(const target::TileSizes &sizes, int64_t granularity) {
  RowsColumns dx = viewOf(getDx());
  return {tileCount(dx.columns, getRegionColumns(sizes, granularity)),
          tileCount(dx.rows, regionRows(*this, sizes, granularity))};
}

SmallVector<Value> LinearGradInputOp::getPanelOperands() { return {getWeight()}; }

static Value inputGradient(LinearGradInputOp op, KernelBuilder &kernel, const rondo::Region &region) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  Value weights = kernel.buffer(op.getWeight());
  bool isRowMajor = cast<MemRefType>(weights.getType()).getLayout().isIdentity();
  return sumBlocks(kernel, {region.rows, region.columns}, viewOf(op.getDy()).columns,
                   kernel.sizes().gradientDepth, [&](Value n, int64_t depth, Value sum) {
                     Value dy = kernel.operand(op.getDy(), {region.row, n, region.rows, depth});
                     Value weight = tile.load(weights, {n, region.column}, {depth, region.columns});
                     if (isRowMajor)
                       weight = tile.stage(tile::Side::Rhs, weight);
                     return tile.dot(dy, weight, sum);
                   });
}

LogicalResult LinearGradInputOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  RowsColumns dx = viewOf(getDx());
  int64_t columns = getRegionColumns(kernel.sizes(), kernel.granularity());
  int64_t rows = regionRows(*this, kernel.sizes(), kernel.granularity());
  OpBuilder &b = kernel.builder();
  forTile(b, kernel.loc(), ids[0], dx.columns, columns, [&](Value column, int64_t width) {
    forTile(b, kernel.loc(), ids[1], dx.rows, rows, [&](Value row, int64_t height) {
      Region region{row, column, height, width};
      kernel.finish(inputGradient(*this, kernel, region), region);
    });
  });
  return success();
}

// ---- dW = dy^T x
// ------------------------------------------------------------------------------------------

// Extents of a region of dW, halved in turn until there are enough regions; whole panels and whole runs.
static RowsColumns regionExtents(LinearGradWeightOp op, const target::TileSizes &sizes, int64_t granularity) {
  RowsColumns dw = viewOf(op.getDw());
  int64_t unit = std::lcm(granularity, sizes.panel);
  RowsColumns region{sizes.gradientRows, std::max(sizes.columns / unit, int64_t(1)) * unit};
  auto isEnough = [&] {
    return tileCount(dw.rows, region.rows) * tileCount(dw.columns, region.columns) >= sizes.workgroups;
  };
  while (!isEnough()) {
    bool rowsHalve = region.rows > sizes.panel, columnsHalve = region.columns / 2 >= unit;
    if (rowsHalve && (region.rows >= region.columns || !columnsHalve))
      region.rows /= 2;
    else if (columnsHalve)
      region.columns = region.columns / 2 / unit * unit;
    else
      break;
  }
  return region;
}

int64_t LinearGradWeightOp::getRegionColumns(const target::TileSizes &sizes, int64_t granularity) {
  int64_t columns = viewOf(getDw()).columns;
  return columns % granularity ? 0 : std::min(columns, regionExtents(*this, sizes, granularity).columns);
}

SmallVector<int64_t> LinearGradWeightOp::getGrid(const target::TileSizes &sizes, int64_t granularity) {
  RowsColumns dw = viewOf(getDw()), region = regionExtents(*this, sizes, granularity);
  return {tileCount(dw.rows, region.rows), tileCount(dw.columns, region.columns)};
}

static Value weightGradient(LinearGradWeightOp op, KernelBuilder &kernel, const rondo::Region &region) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  return sumBlocks(kernel, {region.rows, region.columns}, viewOf(op.getDy()).rows,
                   kernel.sizes().gradientBatch, [&](Value row, int64_t rows, Value sum) {
                     Value dy = kernel.operand(op.getDy(), {row, region.row, rows, region.rows});
                     Value x = kernel.operand(op.getX(), {row, region.column, rows, region.columns});
                     return tile.dot(tile.stage(tile::Side::Lhs, dy), tile.stage(tile::Side::Rhs, x), sum,
                                     /*transposeA=*/true);
                   });
}

LogicalResult LinearGradWeightOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  RowsColumns dw = viewOf(getDw());
  RowsColumns extents = regionExtents(*this, kernel.sizes(), kernel.granularity());
  OpBuilder &b = kernel.builder();
  forTile(b, kernel.loc(), ids[0], dw.rows, extents.rows, [&](Value row, int64_t height) {
    forTile(b, kernel.loc(), ids[1], dw.columns, extents.columns, [&](Value column, int64_t width) {
      Region region{row, column, height, width};
      kernel.finish(weightGradient(*this, kernel, region), region);
    });
  });
  return success();
}
