// Scores of some rows, streamed over the vocabulary block by block.
#include "dialects/rondo/loss/VocabularyBlocks.h"

#include "dialects/rondo/interfaces/TileArithmetic.h"

using namespace mlir;
using namespace rondo;

VocabularyBlocks::VocabularyBlocks(KernelBuilder &kernel, Value weight, Value x, Value targets)
    : kernel(kernel), weight(weight), targets(targets) {
  // Packed once for all blocks.
  this->x = TileArithmetic(kernel.builder(), kernel.loc()).stage(tile::Side::Rhs, x);
}

VocabularyBlock VocabularyBlocks::load(Value firstWord, int64_t words) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  int64_t depth = TileArithmetic::shapeOf(x)[1];
  SmallVector<int64_t, 2> shape{words, TileArithmetic::shapeOf(x)[0]};
  VocabularyBlock block{words, {}, {}, {}};
  block.weight = tile.load(kernel.buffer(weight), {firstWord, tile.index(0)}, {words, depth});
  block.scores = tile.dot(block.weight, x, Value(), /*transposeA=*/false, /*transposeB=*/true);
  Value first =
      arith::IndexCastOp::create(kernel.builder(), kernel.loc(), kernel.builder().getI32Type(), firstWord);
  Value numbers = tile.addI(tile.iota(0, shape, 32), tile.fill(first, shape));
  block.isTarget = tile.equal(numbers, tile.row(targets, words));
  return block;
}

SmallVector<Value> VocabularyBlocks::emitLoop(ArrayRef<Value> initial, Emit emit) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  int64_t vocabulary = cast<RankedTensorType>(weight.getType()).getDimSize(0);
  int64_t step = kernel.sizes().vocabularyColumns, whole = vocabulary / step * step;
  SmallVector<Value> carried(initial);
  if (whole > 0) {
    auto loop = scf::ForOp::create(kernel.builder(), kernel.loc(), tile.index(0), tile.index(whole),
                                   tile.index(step), carried);
    OpBuilder::InsertionGuard guard(kernel.builder());
    kernel.builder().setInsertionPointToStart(loop.getBody());
    SmallVector<Value> next = emit(load(loop.getInductionVar(), step), loop.getRegionIterArgs());
    scf::YieldOp::create(kernel.builder(), kernel.loc(), next);
    carried = loop.getResults();
  }
  if (whole < vocabulary)
    carried = emit(load(tile.index(whole), vocabulary - whole), carried);
  return carried;
}
