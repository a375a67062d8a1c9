// The kernel of embedding's gradient: each workgroup clears a rectangle of the table, then walks all tokens
// in order and adds the columns of dy whose token falls into it. So every row is summed in ascending order by
// one workgroup.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"

#include <numeric>

using namespace mlir;
using namespace rondo;

// A rectangle stays in the second-level cache while tokens go to its rows at random: 2048 x 64 f32 are 512
// KB.
static constexpr int64_t largestRows = 2048, largestColumns = 64, smallestColumns = 16;

static RowsColumns viewOf(Value value) { return sequenceView(cast<RankedTensorType>(value.getType())); }

// Narrower, if the table is small, for the sake of more workgroups.
static RowsColumns rectangle(EmbeddingGradOp op, const target::TileSizes &sizes) {
  RowsColumns table = viewOf(op.getDtable());
  int64_t rows = largestRows / sizes.panel * sizes.panel, columns = largestColumns;
  while (columns > smallestColumns &&
         tileCount(table.rows, rows) * tileCount(table.columns, columns) < sizes.workgroups)
    columns /= 2;
  return {rows, columns};
}

int64_t EmbeddingGradOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }

SmallVector<int64_t> EmbeddingGradOp::getGrid(const target::TileSizes &sizes, int64_t) {
  RowsColumns table = viewOf(getDtable()), part = rectangle(*this, sizes);
  return {tileCount(table.rows, part.rows), tileCount(table.columns, part.columns)};
}

namespace {

struct EmbeddingGradKernel {
  EmbeddingGradOp op;
  KernelBuilder &kernel;
  TileArithmetic tile{kernel.builder(), kernel.loc()};

  void emit(const rondo::Region &part) {
    ArrayRef<int64_t> tokens = cast<RankedTensorType>(op.getTokens().getType()).getShape();
    kernel.store(op.getDtable(), tile.floats(0, {part.rows, part.columns}), part.row, part.column);
    forEach(tokens[0], [&](Value batch) {
      forEach(tokens[1], [&](Value time) {
        ifInside(part, batch, time, [&] { addRow(part, batch, time, tokens[1]); });
      });
    });
  }

private:
  void forEach(int64_t extent, function_ref<void(Value)> body) {
    OpBuilder &b = kernel.builder();
    auto loop = scf::ForOp::create(b, kernel.loc(), tile.index(0), tile.index(extent), tile.index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }

  void ifInside(const rondo::Region &part, Value batch, Value time, function_ref<void()> body) {
    if (part.rows == viewOf(op.getDtable()).rows)
      return body();
    OpBuilder &b = kernel.builder();
    Location loc = kernel.loc();
    Value token = tile.scalar(kernel.buffer(op.getTokens()), {batch, time});
    Value row = arith::IndexCastOp::create(b, loc, b.getIndexType(), token);
    Value isInside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, tile.sub(row, part.row),
                                           tile.index(part.rows));
    auto branch = scf::IfOp::create(b, loc, isInside, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    body();
  }

  void addRow(const rondo::Region &part, Value batch, Value time, int64_t times) {
    Value row = tile.reshape(tile.load(kernel.buffer(op.getTokens()), {batch, time}, {1, 1}), {1});
    Value position = tile.add(tile.times(batch, times), time);
    Value dy = kernel.operand(op.getDy(), {position, part.column, 1, part.columns});
    tile::ScatterAddOp::create(kernel.builder(), kernel.loc(), dy, kernel.resultBuffer(op.getDtable()), row,
                               part.column);
  }
};

} // namespace

LogicalResult EmbeddingGradOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  RowsColumns table = viewOf(getDtable()), part = rectangle(*this, kernel.sizes());
  OpBuilder &b = kernel.builder();
  forTile(b, kernel.loc(), ids[0], table.rows, part.rows, [&](Value row, int64_t rows) {
    forTile(b, kernel.loc(), ids[1], table.columns, part.columns, [&](Value column, int64_t columns) {
      EmbeddingGradKernel{*this, kernel}.emit({row, column, rows, columns});
    });
  });
  return success();
}
