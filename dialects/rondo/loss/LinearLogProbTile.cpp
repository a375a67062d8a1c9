// The kernel of rondo.linear_log_prob: rows of logits streamed over the vocabulary with a running maximum and
// sum.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"

#include <limits>

using namespace mlir;
using namespace rondo;

int64_t LinearLogProbOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }

SmallVector<int64_t> LinearLogProbOp::getGrid(const target::TileSizes &sizes, int64_t) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(getTargets().getType()).getShape();
  return {shape[0], tileCount(shape[1], sizes.rows)};
}

SmallVector<Value> LinearLogProbOp::getPanelOperands() { return {getWeight()}; }

namespace {

// What is known of the logits z seen so far, per row: m = max z, s = sum exp(z - m), and z[target] (0 if not
// yet seen).
struct Running {
  Value maximum, sum, target;
};

class LogProbKernel {
public:
  LogProbKernel(LinearLogProbOp op, KernelBuilder &kernel, Value row, Value targets, int64_t rows)
      : op(op), kernel(kernel), tile(kernel.builder(), kernel.loc()), targets(targets), rows(rows) {
    auto weight = cast<RankedTensorType>(op.getWeight().getType());
    vocabulary = weight.getDimSize(0);
    depth = weight.getDimSize(1);
    x = kernel.operand(op.getX(), {row, tile.index(0), rows, depth});
  }

  // The log of the sum, and the log-probability of the target: 0 where there is none.
  std::pair<Value, Value> emit() {
    // The lowest number, not minus infinity: a difference of the two never arises.
    Running running{tile.floats(std::numeric_limits<float>::lowest(), {rows}), tile.floats(0, {rows}),
                    tile.floats(0, {rows})};
    int64_t step = kernel.sizes().vocabularyColumns, whole = vocabulary / step * step;
    if (whole > 0) {
      auto loop = scf::ForOp::create(
          kernel.builder(), kernel.loc(), tile.index(0), tile.index(whole), tile.index(step),
          ValueRange{running.maximum, running.sum, running.target},
          [&](OpBuilder &builder, Location loc, Value column, ValueRange carried) {
            Running next = addColumns({carried[0], carried[1], carried[2]}, column, step);
            scf::YieldOp::create(builder, loc, ValueRange{next.maximum, next.sum, next.target});
          });
      running = {loop.getResult(0), loop.getResult(1), loop.getResult(2)};
    }
    if (whole < vocabulary)
      running = addColumns(running, tile.index(whole), vocabulary - whole);
    Value logSum = math::LogOp::create(kernel.builder(), kernel.loc(), running.sum);
    Value total = tile.addF(running.maximum, logSum);
    Value given = tile.lessOrEqual(tile.integers(0, {rows}, 32), targets);
    return {total, tile.selectOrZero(given, tile.subF(running.target, total))};
  }

private:
  Running addColumns(Running before, Value column, int64_t columns) {
    SmallVector<int64_t, 2> shape{rows, columns};
    OpBuilder &builder = kernel.builder();
    Value w = tile.load(kernel.buffer(op.getWeight()), {column, tile.index(0)}, {columns, depth});
    Value z = tile.dot(x, w, Value(), /*transposeA=*/false, /*transposeB=*/true);
    Value maximum = tile.maxF(before.maximum, tile.reduce(tile::Combine::Max, z, 1));
    Value terms = tile.exp(tile.subF(z, tile.column(maximum, columns)));
    Value scaled = tile.mulF(before.sum, tile.exp(tile.subF(before.maximum, maximum)));
    Value sum = tile.addF(scaled, tile.reduce(tile::Combine::Add, terms, 1));
    Value first = arith::IndexCastOp::create(builder, kernel.loc(), builder.getI32Type(), column);
    Value words = tile.addI(tile.iota(1, shape, 32), tile.fill(first, shape));
    Value hit = tile.selectOrZero(tile.equal(words, tile.column(targets, columns)), z);
    return {maximum, sum, tile.addF(before.target, tile.reduce(tile::Combine::Add, hit, 1))};
  }

  LinearLogProbOp op;
  KernelBuilder &kernel;
  TileArithmetic tile;
  Value x, targets;
  int64_t rows, vocabulary, depth;
};

} // namespace

LogicalResult LinearLogProbOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  int64_t time = cast<RankedTensorType>(getTargets().getType()).getDimSize(1);
  forTile(kernel.builder(), kernel.loc(), ids[1], time, kernel.sizes().rows, [&](Value first, int64_t rows) {
    Value targets = tile.reshape(kernel.operand(getTargets(), {ids[0], first, 1, rows}), {rows});
    Value row = tile.add(tile.times(ids[0], time), first);
    auto [logSumExp, logProb] = LogProbKernel(*this, kernel, row, targets, rows).emit();
    kernel.store(getLogSumExp(), tile.reshape(logSumExp, {1, rows}), ids[0], first);
    kernel.finish(tile.reshape(logProb, {1, rows}), {ids[0], first, 1, rows});
  });
  return success();
}
