// Tile arithmetic of the ops that work on runs of columns: the norms and the rotation.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/Tiling.h"
#include "dialects/rondo/nn/RowNorm.h"
#include "dialects/tile/Tile.h"

using namespace mlir;
using namespace rondo;

static int64_t lastDimension(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape().back();
}

// The mean of each row of `x`, `[M, N]` -> `[M]`.
static Value rowMean(OpBuilder &b, Location loc, Value x) {
  auto type = cast<RankedTensorType>(x.getType());
  auto rows = RankedTensorType::get({type.getDimSize(0)}, type.getElementType());
  Value sum = tile::ReduceOp::create(b, loc, rows, tile::Combine::Add, x, 1);
  return arith::MulFOp::create(b, loc, sum, splatTile(b, loc, rows, 1.0 / double(type.getDimSize(1))));
}

// A value per row, repeated over the columns of `like`.
static Value spread(OpBuilder &b, Location loc, Value rows, Value like) {
  return tile::BroadcastOp::create(b, loc, like.getType(), rows, b.getI64IntegerAttr(1));
}

Value rondo::centred(OpBuilder &b, Location loc, Value x) {
  return arith::SubFOp::create(b, loc, x, spread(b, loc, rowMean(b, loc, x), x));
}

Value rondo::inverseNorm(OpBuilder &b, Location loc, Value x, double eps) {
  Value mean = rowMean(b, loc, arith::MulFOp::create(b, loc, x, x));
  Value root = math::SqrtOp::create(
      b, loc, arith::AddFOp::create(b, loc, mean, splatTile(b, loc, mean.getType(), eps)));
  return arith::DivFOp::create(b, loc, splatTile(b, loc, mean.getType(), 1), root);
}

// One row of the tile per run of columns, normalised and brought back to the region's shape.
template <typename NormOp>
static Value emitNorm(NormOp op, KernelBuilder &kernel, const rondo::Region &region, bool centres) {
  OpBuilder &b = kernel.builder();
  Location loc = kernel.loc();
  Value x = kernel.operand(op.getX(), region);
  int64_t width = op.getGranularity();
  auto regionType = cast<RankedTensorType>(x.getType());
  auto runsType =
      RankedTensorType::get({region.rows * region.columns / width, width}, regionType.getElementType());
  Value runs = runsType == regionType ? x : tile::ReshapeOp::create(b, loc, runsType, x);
  if (centres)
    runs = centred(b, loc, runs);
  Value factors = inverseNorm(b, loc, runs, op.getEps().convertToDouble());
  Value y = arith::MulFOp::create(b, loc, runs, spread(b, loc, factors, runs));
  if (runsType != regionType)
    y = tile::ReshapeOp::create(b, loc, regionType, y);
  if (op.getWeight())
    y = arith::MulFOp::create(b, loc, y, kernel.columnVector(op.getWeight(), region));
  return y;
}

int64_t RmsNormOp::getGranularity() { return lastDimension(getX()); }
Value RmsNormOp::emitTile(KernelBuilder &kernel, const Region &region) {
  return emitNorm(*this, kernel, region, /*centres=*/false);
}

int64_t LayerNormOp::getGranularity() { return lastDimension(getX()); }
Value LayerNormOp::emitTile(KernelBuilder &kernel, const Region &region) {
  return emitNorm(*this, kernel, region, /*centres=*/true);
}

// A bias as wide as a row may be cut anywhere, one of a head repeats.
int64_t AddBiasOp::getGranularity() {
  auto type = cast<RankedTensorType>(getX().getType());
  return type.getRank() == 3 ? 1 : type.getShape().back();
}
Value AddBiasOp::emitTile(KernelBuilder &kernel, const Region &region) {
  Value x = kernel.operand(getX(), region);
  return arith::AddFOp::create(kernel.builder(), kernel.loc(), x, kernel.columnVector(getBias(), region));
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
