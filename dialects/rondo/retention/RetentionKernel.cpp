// What the three schedules of retention share: tiles of q, k, v, the carried state, and the stores of
// results.
#include "dialects/rondo/retention/RetentionKernel.h"

#include <algorithm>

using namespace mlir;
using namespace rondo;

static ArrayRef<int64_t> shapeOf(Value graph) { return cast<RankedTensorType>(graph.getType()).getShape(); }

RetentionSizes rondo::retentionSizes(RetentionOp op) {
  ArrayRef<int64_t> q = shapeOf(op.getQ()), k = shapeOf(op.getK()), v = shapeOf(op.getV());
  return {q[0], q[1], std::max({q[2], k[2], v[2]}), q[2], k[2], v[2], q[3], v[3]};
}

int64_t rondo::valueColumns(RetentionOp op, const target::TileSizes &sizes, int64_t granularity) {
  // A row scale belongs to the whole head: in a pool it is read and advanced in place, by one workgroup.
  int64_t width = retentionSizes(op).valueWidth, columns = sizes.valueColumns;
  bool canSplit = columns > 0 && columns < width && columns % granularity == 0 && !op.getFinalScale();
  return canSplit ? columns : width;
}

RetentionKernel::RetentionKernel(RetentionOp op, KernelBuilder &kernel, const Place &place, int64_t block)
    : op(op), kernel(kernel), tile(kernel.builder(), kernel.loc()), place(place), sizes(retentionSizes(op)),
      block(std::min(block, sizes.time)),
      decay(op, kernel, place.batch, place.head, this->block, (sizes.time + this->block - 1) / this->block) {}

// ---- operands
// ------------------------------------------------------------------------------------------------

Value RetentionKernel::headTile(Value graph, const Stretch &stretch, int64_t heads, int64_t width,
                                Value column, int64_t columns) {
  Value row = tile.add(tile.times(place.batch, sizes.time), stretch.first);
  Value head = tile.dividedBy(place.head, sizes.heads / heads);
  Value begin = tile.add(tile.times(head, width), column);
  return kernel.operand(graph, {row, begin, stretch.rows, columns});
}

Value RetentionKernel::queries(const Stretch &stretch) {
  return headTile(op.getQ(), stretch, sizes.queryHeads, sizes.keyWidth, tile.index(0), sizes.keyWidth);
}

Value RetentionKernel::keys(const Stretch &stretch) {
  Value keys = headTile(op.getK(), stretch, sizes.keyHeads, sizes.keyWidth, tile.index(0), sizes.keyWidth);
  return clearPadding(keys, stretch);
}

Value RetentionKernel::values(const Stretch &stretch) {
  Value values =
      headTile(op.getV(), stretch, sizes.valueHeads, sizes.valueWidth, place.column, place.columns);
  return clearPadding(values, stretch);
}

Value RetentionKernel::length() {
  if (!op.getLength())
    return {};
  Value count = tile.scalar(kernel.buffer(op.getLength()), {place.batch, tile.index(0)});
  return arith::IndexCastOp::create(kernel.builder(), kernel.loc(), kernel.builder().getIndexType(), count);
}

Stretch RetentionKernel::stretch(Value first, int64_t rows) {
  Value count = length();
  return {first, rows, count ? tile.clamp(tile.sub(count, first), 0, rows) : Value()};
}

Value RetentionKernel::clearPadding(Value rows, const Stretch &stretch) {
  if (!stretch.valid)
    return rows;
  OpBuilder &builder = kernel.builder();
  Value count = arith::IndexCastOp::create(builder, kernel.loc(), builder.getI32Type(), stretch.valid);
  Value isValid = tile.less(tile.iota(0, {stretch.rows}, 32), tile.fill(count, {stretch.rows}));
  return tile.selectOrZero(tile.column(isValid, TileArithmetic::shapeOf(rows)[1]), rows);
}

// ---- the carried state
// ---------------------------------------------------------------------------------------

rondo::Region RetentionKernel::stateRegion() {
  if (op.getTransposedState())
    return {tile.add(tile.times(place.head, sizes.valueWidth), place.column), tile.index(0), place.columns,
            sizes.keyWidth};
  return {tile.times(place.head, sizes.keyWidth), place.column, sizes.keyWidth, place.columns};
}

rondo::Region RetentionKernel::scaleRegion() { return {tile.index(0), place.head, 1, 1}; }

RetentionCarry RetentionKernel::loadCarry() {
  RetentionCarry carry{kernel.loadState(op.getInitialState(), place.batch, stateRegion()), Value()};
  if (op.getRowScale() != RowScale::None)
    carry.scale = tile.reshape(kernel.loadState(op.getInitialScale(), place.batch, scaleRegion()), {1});
  return carry;
}

bool RetentionKernel::leavesState() {
  return !op.getFinalState().use_empty() || (op.getFinalScale() && !op.getFinalScale().use_empty());
}

void RetentionKernel::storeCarry(const RetentionCarry &carry) {
  if (!op.getFinalState().use_empty())
    kernel.storeState(op.getFinalState(), carry.state, place.batch, stateRegion());
  if (op.getFinalScale() && !op.getFinalScale().use_empty())
    kernel.storeState(op.getFinalScale(), tile.reshape(carry.scale, {1, 1}), place.batch, scaleRegion());
}

Value RetentionKernel::read(Value queries, Value state) {
  return tile.dot(queries, state, Value(), /*transposeA=*/false, /*transposeB=*/op.getTransposedState());
}

Value RetentionKernel::outerProducts(Value keys, Value values) {
  return op.getTransposedState() ? tile.dot(values, keys, Value(), /*transposeA=*/true)
                                 : tile.dot(keys, values, Value(), /*transposeA=*/true);
}

Value RetentionKernel::outerProduct(Value key, Value value) {
  Value keys = tile.reshape(key, {sizes.keyWidth}), values = tile.reshape(value, {place.columns});
  if (op.getTransposedState())
    return tile.mulF(tile.column(values, sizes.keyWidth), tile.row(keys, place.columns));
  return tile.mulF(tile.column(keys, place.columns), tile.row(values, sizes.keyWidth));
}

RetentionCarry RetentionKernel::advance(const RetentionCarry &carry, const Stretch &stretch,
                                        const DecaySums &sums, Value keys, Value stagedValues) {
  Value weighed = tile.stage(tile::Side::Lhs, decay.weighKeys(keys, stretch, sums));
  Value update = outerProducts(weighed, stagedValues);
  RetentionCarry next{decay.advance(carry.state, update, stretch, sums), Value()};
  if (carry.scale)
    next.scale = decay.lastScale(carry.scale, stretch);
  // An empty stretch leaves the very bits, signs of zeros included.
  if (stretch.valid)
    next.state = tile.select(tile.less(tile.index(0), stretch.valid), next.state, carry.state);
  return next;
}

// ---- output
// --------------------------------------------------------------------------------------------------

Value RetentionKernel::divideByRoot(Value output, Value scales) {
  Value root = math::SqrtOp::create(kernel.builder(), kernel.loc(), scales);
  return tile.divF(output, tile.column(root, place.columns));
}

void RetentionKernel::finish(Value output, const Stretch &stretch) {
  Value row = tile.add(tile.times(place.batch, sizes.time), stretch.first);
  Value column = tile.add(tile.times(place.head, sizes.valueWidth), place.column);
  kernel.finish(clearPadding(output, stretch), {row, column, stretch.rows, place.columns});
}

// ---- loops
// ---------------------------------------------------------------------------------------------------

static SmallVector<Value, 2> flatten(const RetentionCarry &carry) {
  SmallVector<Value, 2> values;
  if (carry.state)
    values.push_back(carry.state);
  if (carry.scale)
    values.push_back(carry.scale);
  return values;
}

static RetentionCarry unflatten(ValueRange values) {
  return {values.empty() ? Value() : values[0], values.size() > 1 ? values[1] : Value()};
}

RetentionCarry RetentionKernel::loop(Value begin, Value end, const RetentionCarry &carry, StepFn body) {
  auto loop = scf::ForOp::create(kernel.builder(), kernel.loc(), begin, end, tile.index(1), flatten(carry),
                                 [&](OpBuilder &builder, Location loc, Value index, ValueRange carried) {
                                   RetentionCarry next = body(index, unflatten(carried));
                                   scf::YieldOp::create(builder, loc, flatten(next));
                                 });
  return unflatten(loop.getResults());
}

RetentionCarry RetentionKernel::overStretches(const RetentionCarry &carry, bool peelLast, StretchFn body) {
  bool adjoint = op.getDirection() == Direction::Adjoint;
  int64_t whole = sizes.time / block, rest = sizes.time % block;
  auto wholeBlock = [&](Value number, const RetentionCarry &before, bool isLast) {
    return body(stretch(tile.times(number, block), block), before, isLast);
  };
  auto restOnly = [&](const RetentionCarry &before, bool isLast) {
    return rest ? body(stretch(tile.index(whole * block), rest), before, isLast) : before;
  };
  // The last whole block comes by itself if it is the last of all and that matters, or the only one.
  bool lastIsWhole = adjoint || rest == 0;
  int64_t looped = whole - (whole == 1 || (peelLast && lastIsWhole) ? 1 : 0);
  RetentionCarry current = carry;
  if (adjoint)
    current = restOnly(current, /*isLast=*/false);
  if (looped > 1) {
    current = loop(tile.index(0), tile.index(looped), current, [&](Value step, const RetentionCarry &before) {
      Value number = adjoint ? tile.sub(tile.index(whole - 1), step) : step;
      return wholeBlock(number, before, /*isLast=*/false);
    });
  } else if (looped == 1) {
    current = wholeBlock(tile.index(adjoint ? whole - 1 : 0), current, /*isLast=*/false);
  }
  if (looped < whole)
    current = wholeBlock(tile.index(adjoint ? 0 : whole - 1), current, /*isLast=*/lastIsWhole);
  return adjoint ? current : restOnly(current, /*isLast=*/true);
}
