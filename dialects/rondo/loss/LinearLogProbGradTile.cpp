// The kernels of linear_log_prob's gradients. Both compute the scores again, block by block, and multiply
//   g = d ([target = v] - exp(z - log_sum_exp)),
// which is at most |d|, by the weight or by the rows.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"
#include "dialects/rondo/loss/ScoreRows.h"
#include "dialects/rondo/loss/VocabularyBlocks.h"

#include <algorithm>

using namespace mlir;
using namespace rondo;

// d_log_prob of the tile's rows, 0 where there is no target.
static Value cotangentOf(KernelBuilder &kernel, Value dLogProb, Value targets, const ScoreTile &at) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  Value given = tile.lessOrEqual(tile.integers(0, {at.rows()}, 32), targets);
  return tile.selectOrZero(given, ScoreRows::loadVector(kernel, dLogProb, at));
}

// g of scores, with log_sum_exp and d already spread over them.
static Value gradientOfScores(TileArithmetic &tile, Value scores, Value isTarget, Value logSumExp, Value d) {
  Value probability = tile.exp(tile.subF(scores, logSumExp));
  Value expected = tile.selectOrZero(isTarget, tile.floats(1, TileArithmetic::shapeOf(scores)));
  return tile.mulF(d, tile.subF(expected, probability));
}

// ---- by the input: some rows per workgroup, over all of the vocabulary. Everything is computed transposed,
// as in linear_log_prob: dx^T = W^T g^T.

// The result is turned into rows at the very end: a consumer would be evaluated element by element.
int64_t LinearLogProbGradInputOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }

SmallVector<int64_t> LinearLogProbGradInputOp::getGrid(const target::TileSizes &sizes, int64_t) {
  return ScoreRows::forGrid(getTargets(), sizes.rows).grid();
}

SmallVector<Value> LinearLogProbGradInputOp::getPanelOperands() { return {getWeight()}; }

LogicalResult LinearLogProbGradInputOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  int64_t depth = cast<RankedTensorType>(getWeight().getType()).getDimSize(1);
  ScoreRows rows = ScoreRows::forGrid(getTargets(), kernel.sizes().rows);
  rows.emitTile(kernel, ids, [&](const ScoreTile &at) {
    Value targets = ScoreRows::loadVector(kernel, getTargets(), at);
    Value logSumExp = ScoreRows::loadVector(kernel, getLogSumExp(), at);
    Value d = cotangentOf(kernel, getDLogProb(), targets, at);
    VocabularyBlocks blocks(kernel, getWeight(), rows.loadRows(kernel, getX(), at), targets);
    auto addBlock = [&](const VocabularyBlock &block, ValueRange carried) {
      Value g = gradientOfScores(tile, block.scores, block.isTarget, tile.row(logSumExp, block.words),
                                 tile.row(d, block.words));
      return SmallVector<Value>{tile.dot(block.weight, g, carried[0], /*transposeA=*/true)};
    };
    Value dx = blocks.emitLoop({tile.floats(0, {depth, at.rows()})}, addBlock)[0];
    kernel.finish(tile.transpose(dx), {rows.firstRow(kernel, at), tile.index(0), at.rows(), depth});
  });
  return success();
}

// ---- by the weight: some words per workgroup, over all rows: dW = g^T x.

namespace {

class GradWeightKernel {
public:
  GradWeightKernel(LinearLogProbGradWeightOp op, KernelBuilder &kernel)
      : op(op), kernel(kernel), tile(kernel.builder(), kernel.loc()),
        rows(op.getTargets(), 2 * kernel.sizes().rows) {
    depth = cast<RankedTensorType>(op.getWeight().getType()).getDimSize(1);
  }

  // A multiple of the panels, for kWorkers workers where the vocabulary is large enough.
  static int64_t wordsPerWorkgroup(LinearLogProbGradWeightOp op, const target::TileSizes &sizes) {
    int64_t vocabulary = cast<RankedTensorType>(op.getWeight().getType()).getDimSize(0);
    int64_t share = vocabulary / ScoreRows::kWorkers / sizes.panel * sizes.panel;
    return std::clamp(share, sizes.panel, std::max(sizes.panel, sizes.rows / sizes.panel * sizes.panel));
  }

  void emit(Value firstWord, int64_t words) {
    Value buffer = kernel.buffer(op.getWeight());
    Value weight = tile.load(buffer, {firstWord, tile.index(0)}, {words, depth});
    // Panels are already in the form that a dot reads best.
    if (cast<MemRefType>(buffer.getType()).getLayout().isIdentity())
      weight = tile.stage(tile::Side::Rhs, weight);
    Value first =
        arith::IndexCastOp::create(kernel.builder(), kernel.loc(), kernel.builder().getI32Type(), firstWord);
    Value dw = rows.emitLoops(kernel, tile.floats(0, {words, depth}), [&](const ScoreTile &at, Value sum) {
      return addRows(at, sum, weight, first, words);
    });
    kernel.finish(dw, {firstWord, tile.index(0), words, depth});
  }

private:
  Value addRows(const ScoreTile &at, Value sum, Value weight, Value firstWord, int64_t words) {
    SmallVector<int64_t, 2> shape{at.rows(), words};
    Value x = rows.loadRows(kernel, op.getX(), at);
    Value targets = ScoreRows::loadVector(kernel, op.getTargets(), at);
    Value logSumExp = ScoreRows::loadVector(kernel, op.getLogSumExp(), at);
    Value d = cotangentOf(kernel, op.getDLogProb(), targets, at);
    Value scores = tile.dot(x, weight, Value(), /*transposeA=*/false, /*transposeB=*/true);
    Value numbers = tile.addI(tile.iota(1, shape, 32), tile.fill(firstWord, shape));
    Value isTarget = tile.equal(numbers, tile.column(targets, words));
    Value g = gradientOfScores(tile, scores, isTarget, tile.column(logSumExp, words), tile.column(d, words));
    return tile.dot(g, x, sum, /*transposeA=*/true);
  }

  LinearLogProbGradWeightOp op;
  KernelBuilder &kernel;
  TileArithmetic tile;
  ScoreRows rows;
  int64_t depth;
};

} // namespace

int64_t LinearLogProbGradWeightOp::getRegionColumns(const target::TileSizes &, int64_t granularity) {
  int64_t columns = cast<RankedTensorType>(getWeight().getType()).getDimSize(1);
  return columns % granularity ? 0 : columns;
}

SmallVector<int64_t> LinearLogProbGradWeightOp::getGrid(const target::TileSizes &sizes, int64_t) {
  int64_t vocabulary = cast<RankedTensorType>(getWeight().getType()).getDimSize(0);
  return {tileCount(vocabulary, GradWeightKernel::wordsPerWorkgroup(*this, sizes))};
}

SmallVector<Value> LinearLogProbGradWeightOp::getPanelOperands() { return {getWeight()}; }

LogicalResult LinearLogProbGradWeightOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  int64_t vocabulary = cast<RankedTensorType>(getWeight().getType()).getDimSize(0);
  forTile(kernel.builder(), kernel.loc(), ids[0], vocabulary,
          GradWeightKernel::wordsPerWorkgroup(*this, kernel.sizes()),
          [&](Value first, int64_t words) { GradWeightKernel(*this, kernel).emit(first, words); });
  return success();
}
