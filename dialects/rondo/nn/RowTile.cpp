// Tile arithmetic of the ops that work on runs of columns: the RMS norm and the rotation.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/Tiling.h"
#include "dialects/rondo/nn/RowNorm.h"
#include "dialects/tile/Tile.h"

using namespace mlir;
using namespace rondo;

static int64_t lastDimension(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape().back();
}

int64_t RmsNormOp::getGranularity() { return lastDimension(getX()); }

Value rondo::inverseNorm(OpBuilder &b, Location loc, Value x, double eps) {
  auto type = cast<RankedTensorType>(x.getType());
  auto rows = RankedTensorType::get({type.getDimSize(0)}, type.getElementType());
  Value squares = arith::MulFOp::create(b, loc, x, x);
  Value sum = tile::ReduceOp::create(b, loc, rows, tile::Combine::Add, squares, 1);
  Value mean = arith::MulFOp::create(b, loc, sum, splatTile(b, loc, rows, 1.0 / double(type.getDimSize(1))));
  Value root =
      math::SqrtOp::create(b, loc, arith::AddFOp::create(b, loc, mean, splatTile(b, loc, rows, eps)));
  return arith::DivFOp::create(b, loc, splatTile(b, loc, rows, 1), root);
}

// One row of the tile per run, normalised and brought back to the region's shape.
Value RmsNormOp::emitTile(KernelBuilder &kernel, const Region &region) {
  OpBuilder &b = kernel.builder();
  Location loc = kernel.loc();
  Value x = kernel.operand(getX(), region);
  int64_t width = getGranularity();
  auto regionType = cast<RankedTensorType>(x.getType());
  auto runsType =
      RankedTensorType::get({region.rows * region.columns / width, width}, regionType.getElementType());
  Value runs = runsType == regionType ? x : tile::ReshapeOp::create(b, loc, runsType, x);
  Value factors = inverseNorm(b, loc, runs, getEps().convertToDouble());
  Value spread = tile::BroadcastOp::create(b, loc, runsType, factors, b.getI64IntegerAttr(1));
  Value y = arith::MulFOp::create(b, loc, runs, spread);
  if (runsType != regionType)
    y = tile::ReshapeOp::create(b, loc, regionType, y);
  if (getWeight())
    y = arith::MulFOp::create(b, loc, y, kernel.columnVector(getWeight(), region));
  return y;
}

int64_t RotateOp::getGranularity() { return lastDimension(getX()); }

// x cos + J x sin; the tables have one head's width and serve every head of the region.
Value RotateOp::emitTile(KernelBuilder &kernel, const Region &region) {
  OpBuilder &b = kernel.builder();
  Location loc = kernel.loc();
  int64_t width = getGranularity();
  Value x = kernel.operand(getX(), region);
  Value first = arith::ConstantIndexOp::create(b, loc, 0);
  auto perHead = [&](Value table) -> Value {
    Value tile = kernel.operand(table, Region{region.row, first, region.rows, width});
    return region.columns == width ? tile : tile::RepeatOp::create(b, loc, x.getType(), tile);
  };
  Value cos = perHead(getCos()), sin = perHead(getSin());
  tile::Pairs pairs = getPairs() == Pairs::Interleaved ? tile::Pairs::Interleaved : tile::Pairs::Halves;
  Value turned = tile::RotatePairsOp::create(b, loc, x.getType(), pairs, x, width);
  Value across = arith::MulFOp::create(b, loc, turned, sin);
  if (getInverse())
    across = arith::NegFOp::create(b, loc, across);
  return math::FmaOp::create(b, loc, x, cos, across);
}
