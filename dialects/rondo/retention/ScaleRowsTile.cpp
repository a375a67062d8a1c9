// The kernel of retention_scale_rows: a workgroup per batch row, head and block of rows.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"

#include <cmath>

using namespace mlir;
using namespace rondo;

static ArrayRef<int64_t> shapeOf(Value graph) { return cast<RankedTensorType>(graph.getType()).getShape(); }

// 1 + g + ... + g^(count - 1), without cancellation for g near 1.
static double geometricSum(double decay, int64_t count) {
  if (decay == 1.0)
    return static_cast<double>(count);
  return decay == 0.0 ? 1.0 : -std::expm1(static_cast<double>(count) * std::log(decay)) / (1.0 - decay);
}

namespace {

class ScaleRowsKernel {
public:
  ScaleRowsKernel(RetentionScaleRowsOp op, KernelBuilder &kernel, Value batch, Value head)
      : op(op), kernel(kernel), tile(kernel.builder(), kernel.loc()), batch(batch), head(head),
        time(shapeOf(op.getX())[1]), heads(shapeOf(op.getX())[2]), width(shapeOf(op.getX())[3]),
        block(std::min(kernel.sizes().rows, time)) {}

  // Rows [first, first + rows), which are block number `number`.
  void emit(Value number, Value first, int64_t rows) {
    Value scales = runningScales(first, rows);
    Value root = math::SqrtOp::create(kernel.builder(), kernel.loc(), scales);
    Value divisor = op.getQ() ? tile.mulF(root, clampedScores(number, first, rows, root)) : root;
    Value x = kernel.operand(op.getX(), {row(first), tile.times(head, width), rows, width});
    Value y = withoutPadding(tile.divF(x, tile.column(divisor, width)), first, rows);
    kernel.finish(y, {row(first), tile.times(head, width), rows, width});
  }

private:
  Value row(Value time) { return tile.add(tile.times(batch, this->time), time); }

  using EntryFn = llvm::function_ref<double(double decay, int64_t row, int64_t column)>;
  // A part of a table that holds a matrix for each decay: [rows x columns] of the head's, from column `first`
  // on.
  Value headTable(EntryFn entry, int64_t tableRows, int64_t tableColumns, Value first, int64_t columns) {
    SmallVector<float> values;
    for (double decay : op.getDecay())
      for (int64_t i = 0; i < tableRows; ++i)
        for (int64_t j = 0; j < tableColumns; ++j)
          values.push_back(static_cast<float>(entry(decay, i, j)));
    auto type = RankedTensorType::get({heads * tableRows, tableColumns}, kernel.builder().getF32Type());
    Value table = kernel.table(DenseElementsAttr::get(type, ArrayRef<float>(values)));
    return tile.load(table, {tile.times(head, tableRows), first}, {tableRows, columns});
  }
  // The same of one row: elements [column, column + columns).
  Value headRow(llvm::function_ref<double(double decay, int64_t column)> value, int64_t width, Value column,
                int64_t columns) {
    Value row = headTable([&](double decay, int64_t, int64_t j) { return value(decay, j); }, 1, width, column,
                          columns);
    return tile.reshape(row, {columns});
  }

  // a_t of every row: the sum of powers, and what the initial a has become.
  Value runningScales(Value first, int64_t rows) {
    Value sums =
        headRow([](double decay, int64_t t) { return geometricSum(decay, t + 1); }, time, first, rows);
    if (!op.getInitialScale())
      return sums;
    Value powers = headRow([](double decay, int64_t t) { return std::pow(decay, t + 1); }, time, first, rows);
    Value initial = kernel.loadState(op.getInitialScale(), batch, {tile.index(0), head, 1, 1});
    return tile.fma(powers, tile.fill(tile.reshape(initial, {1}), {rows}), sums);
  }

  Value headTile(Value graph, Value first, int64_t rows) {
    int64_t depth = shapeOf(graph)[3];
    Value shared = tile.dividedBy(head, heads / shapeOf(graph)[2]);
    return kernel.operand(graph, {row(first), tile.times(shared, depth), rows, depth});
  }

  // The sums of |g^(t-m) q_t . k_m| over m <= t, scaled by 1 / sqrt(a_t) and clamped as torchscale does.
  Value clampedScores(Value number, Value first, int64_t rows, Value root) {
    Value queries = headTile(op.getQ(), first, rows);
    Value sum = ownScores(queries, first, rows);
    if (time > block) {
      auto overEarlier =
          scf::ForOp::create(kernel.builder(), kernel.loc(), tile.index(0), number, tile.index(1), sum,
                             [&](OpBuilder &builder, Location loc, Value index, ValueRange sums) {
                               Value next = tile.addF(sums[0], earlierScores(queries, number, index, rows));
                               scf::YieldOp::create(builder, loc, next);
                             });
      sum = overEarlier.getResult(0);
    }
    sum = tile.divF(sum, root);
    SmallVector<int64_t, 1> shape{rows};
    return tile.minF(tile.maxF(sum, tile.floats(1.0, shape)), tile.floats(5e4, shape));
  }

  Value magnitudes(Value queries, Value keys, tile::Triangle triangle) {
    Value scores = tile.dot(queries, tile.stage(tile::Side::Rhs, keys), Value(), /*transposeA=*/false,
                            /*transposeB=*/true, triangle);
    return math::AbsFOp::create(kernel.builder(), kernel.loc(), scores);
  }

  // Keys of the block `index`, which is whole. The decay is the keys' to the end of their block, that of the
  // blocks between, and the queries' from the begin of theirs; none is above 1.
  Value earlierScores(Value queries, Value number, Value index, int64_t rows) {
    Value scores =
        magnitudes(queries, headTile(op.getK(), tile.times(index, block), block), tile::Triangle::Full);
    auto fromEnd = [&](double decay, int64_t j) { return std::pow(decay, block - 1 - j); };
    auto fromBegin = [](double decay, int64_t i) { return std::pow(decay, i + 1); };
    auto between = [&](double decay, int64_t blocks) { return std::pow(decay, block * blocks); };
    Value keys = headRow(fromEnd, block, tile.index(0), block);
    Value gap = tile.sub(tile.sub(number, index), tile.index(1));
    Value whole = headRow(between, tileCount(time, block), gap, 1);
    Value sum = tile.reduce(tile::Combine::Add, tile.mulF(scores, tile.row(keys, rows)), 1);
    Value weights = tile.mulF(headRow(fromBegin, block, tile.index(0), rows), tile.fill(whole, {rows}));
    return tile.mulF(sum, weights);
  }

  // Keys of the rows themselves, up to the diagonal.
  Value ownScores(Value queries, Value first, int64_t rows) {
    Value scores = magnitudes(queries, headTile(op.getK(), first, rows), tile::Triangle::LowerResult);
    auto distance = [](double decay, int64_t i, int64_t j) { return i < j ? 0.0 : std::pow(decay, i - j); };
    Value weights = headTable(distance, rows, rows, tile.index(0), rows);
    return tile.reduce(tile::Combine::Add, tile.mulF(scores, weights), 1);
  }

  Value withoutPadding(Value y, Value first, int64_t rows) {
    if (!op.getLength())
      return y;
    OpBuilder &builder = kernel.builder();
    Value count = tile.scalar(kernel.buffer(op.getLength()), {batch, tile.index(0)});
    Value begin = arith::IndexCastOp::create(builder, kernel.loc(), builder.getI32Type(), first);
    Value times = tile.addI(tile.iota(0, {rows}, 32), tile.fill(begin, {rows}));
    return tile.selectOrZero(tile.column(tile.less(times, tile.fill(count, {rows})), width), y);
  }

  RetentionScaleRowsOp op;
  KernelBuilder &kernel;
  TileArithmetic tile;
  Value batch, head;
  int64_t time, heads, width, block;
};

} // namespace

int64_t RetentionScaleRowsOp::getRegionColumns(const target::TileSizes &, int64_t granularity) {
  int64_t width = shapeOf(getX())[3];
  return width % granularity == 0 ? width : 0;
}

SmallVector<int64_t> RetentionScaleRowsOp::getGrid(const target::TileSizes &sizes, int64_t) {
  ArrayRef<int64_t> x = shapeOf(getX());
  return {x[0], x[2], tileCount(x[1], sizes.rows)};
}

LogicalResult RetentionScaleRowsOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  ScaleRowsKernel rows(*this, kernel, ids[0], ids[1]);
  forTile(kernel.builder(), kernel.loc(), ids[2], shapeOf(getX())[1], kernel.sizes().rows,
          [&](Value first, int64_t count) { rows.emit(ids[2], first, count); });
  return success();
}
