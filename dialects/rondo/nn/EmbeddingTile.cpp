// The kernel of embedding: whole rows of the table, gathered by token.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/Tiling.h"
#include "dialects/tile/Tile.h"

using namespace mlir;
using namespace rondo;

static RankedTensorType tensorType(Value value) { return cast<RankedTensorType>(value.getType()); }

int64_t EmbeddingOp::getRegionColumns(const target::TileSizes &, int64_t granularity) {
  int64_t columns = sequenceView(tensorType(getY())).columns;
  return columns % granularity ? 0 : columns;
}

SmallVector<int64_t> EmbeddingOp::getGrid(const target::TileSizes &sizes, int64_t) {
  RankedTensorType tokens = tensorType(getTokens());
  return {tokens.getDimSize(0), tileCount(tokens.getDimSize(1), sizes.rows)};
}

LogicalResult EmbeddingOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  OpBuilder &b = kernel.builder();
  Location loc = kernel.loc();
  int64_t time = tensorType(getTokens()).getDimSize(1);
  int64_t columns = sequenceView(tensorType(getY())).columns;
  Type index = tensorType(getTokens()).getElementType();
  forTile(b, loc, ids[1], time, kernel.sizes().rows, [&](Value begin, int64_t rows) {
    Value tokens = tile::LoadOp::create(b, loc, RankedTensorType::get({1, rows}, index),
                                        kernel.buffer(getTokens()), ValueRange{ids[0], begin});
    Value list = tile::ReshapeOp::create(b, loc, RankedTensorType::get({rows}, index), tokens);
    Value column = arith::ConstantIndexOp::create(b, loc, 0);
    Value y = tile::GatherOp::create(b, loc, RankedTensorType::get({rows, columns}, b.getF32Type()),
                                     kernel.buffer(getTable()), list, column);
    Value stride = arith::ConstantIndexOp::create(b, loc, time);
    Value batchRow = arith::MulIOp::create(b, loc, ids[0], stride);
    Value row = arith::AddIOp::create(b, loc, batchRow, begin);
    kernel.finish(y, Region{row, column, rows, columns});
  });
  return success();
}
