// The kernel of rondo.linear_log_prob: scores streamed over the vocabulary with a running maximum and sum.
//
// A workgroup takes some rows of x and walks over W in blocks. Its scores are z = W x^T, `[vocabulary,
// rows]`: vectors run along the rows, so that W is read where it lies, as scalars of the product, x is packed
// once, and no reduction crosses the lanes of a vector.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/loss/ScoreRows.h"
#include "dialects/rondo/loss/VocabularyBlocks.h"

#include <limits>

using namespace mlir;
using namespace rondo;

int64_t LinearLogProbOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }

SmallVector<int64_t> LinearLogProbOp::getGrid(const target::TileSizes &sizes, int64_t) {
  return ScoreRows::forGrid(getTargets(), sizes.rows).grid();
}

SmallVector<Value> LinearLogProbOp::getPanelOperands() { return {getWeight()}; }

// What is known of the scores z seen so far, per row: m = max z, s = sum exp(z - m), and z[target] (0 if not
// yet seen). Returns m, s and z[target] with a block added.
static SmallVector<Value> addBlock(TileArithmetic &tile, const VocabularyBlock &block, ValueRange before) {
  int64_t words = block.words;
  Value maximum = tile.maxF(before[0], tile.reduce(tile::Combine::Max, block.scores, 0));
  Value terms = tile.exp(tile.subF(block.scores, tile.row(maximum, words)));
  Value scaled = tile.mulF(before[1], tile.exp(tile.subF(before[0], maximum)));
  Value sum = tile.addF(scaled, tile.reduce(tile::Combine::Add, terms, 0));
  Value hit = tile.selectOrZero(block.isTarget, block.scores);
  return {maximum, sum, tile.addF(before[2], tile.reduce(tile::Combine::Add, hit, 0))};
}

LogicalResult LinearLogProbOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  ScoreRows rows = ScoreRows::forGrid(getTargets(), kernel.sizes().rows);
  rows.emitTile(kernel, ids, [&](const ScoreTile &at) {
    Value targets = ScoreRows::loadVector(kernel, getTargets(), at);
    VocabularyBlocks blocks(kernel, getWeight(), rows.loadRows(kernel, getX(), at), targets);
    // The lowest number, not minus infinity: a difference of the two never arises.
    Value lowest = tile.floats(std::numeric_limits<float>::lowest(), {at.rows()});
    Value zeros = tile.floats(0, {at.rows()});
    SmallVector<Value> seen =
        blocks.emitLoop({lowest, zeros, zeros}, [&](const VocabularyBlock &block, ValueRange carried) {
          return addBlock(tile, block, carried);
        });
    Value total = tile.addF(seen[0], math::LogOp::create(kernel.builder(), kernel.loc(), seen[1]));
    Value given = tile.lessOrEqual(tile.integers(0, {at.rows()}, 32), targets);
    Value logProb = tile.selectOrZero(given, tile.subF(seen[2], total));
    SmallVector<int64_t, 2> shape{at.batches, at.times};
    kernel.store(getLogSumExp(), tile.reshape(total, shape), at.batch, at.time);
    kernel.finish(tile.reshape(logProb, shape), {at.batch, at.time, at.batches, at.times});
  });
  return success();
}
