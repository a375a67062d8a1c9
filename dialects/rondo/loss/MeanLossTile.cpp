// The kernels of mean_loss, one workgroup that reads all tokens, and of its gradient, which is pointwise.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"

using namespace mlir;
using namespace rondo;

// loss_weight, 0 where there is no target.
static Value weightOfTargets(TileArithmetic &tile, Value targets, Value weight) {
  Value given = tile.lessOrEqual(tile.integers(0, TileArithmetic::shapeOf(targets), 32), targets);
  return tile.selectOrZero(given, weight);
}

// ---- mean_loss

// Consumers of a scalar have kernels of their own.
int64_t MeanLossOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }

SmallVector<int64_t> MeanLossOp::getGrid(const target::TileSizes &, int64_t) { return {1}; }

namespace {

// The sums of w and of w log_prob per batch row, over pieces of time: rounding errors grow with the number of
// pieces and the lines of a piece, not with T.
class TokenSums {
public:
  TokenSums(MeanLossOp op, KernelBuilder &kernel)
      : op(op), kernel(kernel), tile(kernel.builder(), kernel.loc()) {
    auto type = cast<RankedTensorType>(op.getLogProb().getType());
    batch = type.getDimSize(0);
    time = type.getDimSize(1);
  }

  // Both, `[1, 1]`.
  std::pair<Value, Value> emit() {
    SmallVector<Value> sums{tile.floats(0, {batch}), tile.floats(0, {batch})};
    int64_t whole = time / kPiece * kPiece;
    if (whole > 0) {
      auto loop = scf::ForOp::create(kernel.builder(), kernel.loc(), tile.index(0), tile.index(whole),
                                     tile.index(kPiece), sums);
      OpBuilder::InsertionGuard guard(kernel.builder());
      kernel.builder().setInsertionPointToStart(loop.getBody());
      SmallVector<Value> next = add(loop.getRegionIterArgs(), loop.getInductionVar(), kPiece);
      scf::YieldOp::create(kernel.builder(), kernel.loc(), next);
      sums = loop.getResults();
    }
    if (whole < time)
      sums = add(sums, tile.index(whole), time - whole);
    return {total(sums[0]), total(sums[1])};
  }

private:
  static constexpr int64_t kPiece = 1024;

  SmallVector<Value> add(ValueRange before, Value first, int64_t count) {
    rondo::Region piece{tile.index(0), first, batch, count};
    Value weight = weightOfTargets(tile, kernel.operand(op.getTargets(), piece),
                                   kernel.operand(op.getLossWeight(), piece));
    Value zeros = tile.floats(0, {batch, count});
    Value terms = tile.mulF(weight, kernel.operand(op.getLogProb(), piece));
    terms = tile.select(tile.equal(weight, zeros), zeros, terms);
    return {tile.addF(before[0], tile.reduce(tile::Combine::Add, weight, 1)),
            tile.addF(before[1], tile.reduce(tile::Combine::Add, terms, 1))};
  }

  Value total(Value perRow) {
    return tile.reshape(tile.reduce(tile::Combine::Add, tile.reshape(perRow, {1, batch}), 1), {1, 1});
  }

  MeanLossOp op;
  KernelBuilder &kernel;
  TileArithmetic tile;
  int64_t batch, time;
};

} // namespace

LogicalResult MeanLossOp::emitKernel(KernelBuilder &kernel, ValueRange) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  auto [weightSum, sum] = TokenSums(*this, kernel).emit();
  Value zero = tile.floats(0, {1, 1});
  Value mean = tile.divF(tile.subF(zero, sum), weightSum);
  Value loss = tile.select(tile.equal(weightSum, zero), zero, mean);
  kernel.store(getWeightSum(), weightSum, tile.index(0), tile.index(0));
  kernel.finish(loss, {tile.index(0), tile.index(0), 1, 1});
  return success();
}

// ---- mean_loss_grad

int64_t MeanLossGradOp::getGranularity() { return 1; }

Value MeanLossGradOp::emitTile(KernelBuilder &kernel, const rondo::Region &region) {
  OpBuilder &builder = kernel.builder();
  TileArithmetic tile(builder, kernel.loc());
  auto constant = [&](float value) -> Value {
    return arith::ConstantOp::create(builder, kernel.loc(), builder.getF32FloatAttr(value));
  };
  auto scalar = [&](Value graph) { return tile.scalar(kernel.buffer(graph), {tile.index(0)}); };
  Value sum = scalar(getWeightSum());
  Value dLoss = getDLoss() ? scalar(getDLoss()) : constant(1);
  Value factor = tile.divF(tile.subF(constant(0), dLoss), sum);
  factor = tile.select(tile.equal(sum, constant(0)), constant(0), factor);
  Value weight =
      weightOfTargets(tile, kernel.operand(getTargets(), region), kernel.operand(getLossWeight(), region));
  return tile.mulF(tile.fill(factor, {region.rows, region.columns}), weight);
}
