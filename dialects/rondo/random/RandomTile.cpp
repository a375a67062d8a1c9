// Kernels of the random ops: streams, and the tile arithmetic of dropout.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace rondo;

// ---- random_streams
// ------------------------------------------------------------------------------------------

static constexpr int64_t kStreamBits = 16; // of an id within a step

int64_t RandomStreamsOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }
SmallVector<int64_t> RandomStreamsOp::getGrid(const target::TileSizes &, int64_t) { return {1}; }

LogicalResult RandomStreamsOp::emitKernel(KernelBuilder &kernel, ValueRange) {
  OpBuilder &b = kernel.builder();
  TileArithmetic tile(b, kernel.loc());
  auto integer = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, kernel.loc(), b.getI64IntegerAttr(value));
  };
  Value zero = tile.index(0), one = tile.index(1);
  Value seed = tile.fill(tile.scalar(kernel.buffer(getSeed()), {zero}), {1, 1});
  Value first = tile.mulI(tile.scalar(kernel.buffer(getStep()), {zero}), integer(int64_t(1) << kStreamBits));
  for (auto [id, stream] : llvm::enumerate(getStreams())) {
    kernel.store(stream, seed, zero, zero);
    Value number = tile.addI(first, integer(static_cast<int64_t>(id)));
    kernel.store(stream, tile.fill(number, {1, 1}), one, zero);
  }
  return success();
}

// ---- dropout
// -------------------------------------------------------------------------------------------------

static constexpr int64_t kWordsPerCounter = 4; // of the generator

// Four neighbours that begin at a multiple of four come out of one evaluation of the generator.
int64_t DropoutOp::getGranularity() {
  return std::gcd(sequenceView(cast<RankedTensorType>(getX().getType())).columns, kWordsPerCounter);
}

Value DropoutOp::emitTile(KernelBuilder &kernel, const Region &region) {
  OpBuilder &b = kernel.builder();
  TileArithmetic tile(b, kernel.loc());
  Value x = kernel.operand(getX(), region), stream = kernel.buffer(getStream()), zero = tile.index(0);
  ArrayRef<int64_t> shape = TileArithmetic::shapeOf(x);
  auto words = RankedTensorType::get(shape, b.getI32Type());
  Value bits = tile::RandomBitsOp::create(
      b, kernel.loc(), words, tile.scalar(stream, {zero, zero}), tile.scalar(stream, {tile.index(1), zero}),
      region.row, region.column, sequenceView(cast<RankedTensorType>(getX().getType())).columns,
      getGranularity() == kWordsPerCounter);
  // u = n / 2^24 of the upper 24 bits n, so u >= rate if n >= ceil(rate 2^24).
  double rate = getRate().convertToDouble();
  Value number = arith::ShRUIOp::create(b, kernel.loc(), bits, tile.integers(8, shape, 32));
  Value least = tile.integers(static_cast<int64_t>(std::ceil(std::ldexp(rate, 24))), shape, 32);
  Value enlarged = tile.mulF(x, tile.floats(1 / (1 - rate), shape));
  return tile.selectOrZero(tile.lessOrEqual(least, number), enlarged);
}
