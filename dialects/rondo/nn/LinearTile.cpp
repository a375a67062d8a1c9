// The kernel of linear: a grid of regions of y, each one dot over the whole contraction or a loop of shorter
// ones.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/Tiling.h"
#include "dialects/tile/Tile.h"

#include <numeric>

using namespace mlir;
using namespace rondo;

// With no more rows the time goes into reading the weight, which takes many workgroups at once. Where weights
// are row-major, narrow regions read whole lines of memory too.
constexpr int64_t kFewRows = 4;

static RowsColumns viewOf(Value value) { return sequenceView(cast<RankedTensorType>(value.getType())); }

int64_t LinearOp::getRegionColumns(const target::TileSizes &sizes, int64_t granularity) {
  int64_t columns = viewOf(getY()).columns;
  if (columns % granularity)
    return 0;
  // Regions begin at panels and hold whole runs.
  int64_t unit = std::lcm(granularity, sizes.panel);
  int64_t width = columns <= sizes.columns ? columns : sizes.columns / unit * unit;
  if (sizes.packsWeights || viewOf(getY()).rows > kFewRows)
    return width;
  for (int64_t narrower = width / 2 / unit * unit;
       narrower > 0 && tileCount(columns, width) < sizes.workgroups; narrower = width / 2 / unit * unit)
    width = narrower;
  return width;
}

// Rows vary fastest: a worker's share of consecutive workgroups reads one block of the weight again and
// again.
SmallVector<int64_t> LinearOp::getGrid(const target::TileSizes &sizes, int64_t granularity) {
  RowsColumns y = viewOf(getY());
  return {tileCount(y.columns, getRegionColumns(sizes, granularity)), tileCount(y.rows, sizes.rows)};
}

SmallVector<Value> LinearOp::getPanelOperands() { return {getWeight()}; }

namespace {

struct LinearRegion {
  KernelBuilder &kernel;
  LinearOp op;
  rondo::Region region;

  Value emit() {
    int64_t contraction = viewOf(op.getX()).columns;
    int64_t depth = kernel.sizes().depth;
    if (depth == 0 || depth >= contraction)
      return dot(constant(0), contraction, nullptr);
    OpBuilder &b = kernel.builder();
    int64_t whole = contraction / depth * depth;
    Value zeros = arith::ConstantOp::create(b, kernel.loc(), b.getZeroAttr(resultType()));
    auto loop =
        scf::ForOp::create(b, kernel.loc(), constant(0), constant(whole), constant(depth), ValueRange{zeros});
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      Value sum = dot(loop.getInductionVar(), depth, loop.getRegionIterArg(0));
      scf::YieldOp::create(b, kernel.loc(), ValueRange{sum});
    }
    Value sum = loop.getResult(0);
    return whole == contraction ? sum : dot(constant(whole), contraction - whole, sum);
  }

private:
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(kernel.builder(), kernel.loc(), value);
  }
  RankedTensorType resultType() {
    return RankedTensorType::get({region.rows, region.columns}, kernel.builder().getF32Type());
  }

  // acc + x[rows, k .. k + depth) W[columns, k .. k + depth)^T.
  Value dot(Value k, int64_t depth, Value acc) {
    OpBuilder &b = kernel.builder();
    Value x = kernel.operand(op.getX(), rondo::Region{region.row, k, region.rows, depth});
    Value buffer = kernel.buffer(op.getWeight());
    Value weight =
        tile::LoadOp::create(b, kernel.loc(), RankedTensorType::get({region.columns, depth}, b.getF32Type()),
                             buffer, ValueRange{region.column, k});
    // Panels are already in the form that a dot reads best.
    if (cast<MemRefType>(buffer.getType()).getLayout().isIdentity())
      weight = tile::StageOp::create(b, kernel.loc(), weight.getType(), tile::Side::Rhs, weight);
    return tile::DotOp::create(b, kernel.loc(), resultType(), x, weight, acc, /*transpose_a=*/false,
                               /*transpose_b=*/true, tile::Triangle::Full);
  }
};

} // namespace

LogicalResult LinearOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  RowsColumns y = viewOf(getY());
  int64_t columns = getRegionColumns(kernel.sizes(), kernel.granularity());
  OpBuilder &b = kernel.builder();
  forTile(b, kernel.loc(), ids[0], y.columns, columns, [&](Value column, int64_t width) {
    forTile(b, kernel.loc(), ids[1], y.rows, kernel.sizes().rows, [&](Value row, int64_t height) {
      Region region{row, column, height, width};
      kernel.finish(LinearRegion{kernel, *this, region}.emit(), region);
    });
  });
  return success();
}
