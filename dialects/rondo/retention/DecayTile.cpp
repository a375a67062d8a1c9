// How retention kernels weigh what lies at different distances: the decay inside a stretch of rows, and
// across it.
#include "dialects/rondo/retention/DecayTile.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace rondo;

// Logarithms below are decays that underflow f32 in one step; the bound keeps sums over a million rows within
// i64.
static constexpr double lowestLog = -128.0, highestLog = 128.0;
static constexpr int fractionBits = 36;

DecayTile::DecayTile(RetentionOp op, KernelBuilder &kernel, Value batch, Value head, int64_t block,
                     int64_t blocks)
    : op(op), kernel(kernel), tile(kernel.builder(), kernel.loc()), batch(batch), head(head),
      time(cast<RankedTensorType>(op.getQ().getType()).getDimSize(1)), block(block), blocks(blocks),
      adjoint(op.getDirection() == Direction::Adjoint) {}

// ---- tables of a constant decay
// ------------------------------------------------------------------------------

static Value floatTable(KernelBuilder &kernel, ArrayRef<float> values, int64_t columns) {
  int64_t rows = static_cast<int64_t>(values.size()) / columns;
  auto type = RankedTensorType::get({rows, columns}, kernel.builder().getF32Type());
  return kernel.table(DenseElementsAttr::get(type, values));
}

Value DecayTile::headTable(PowerFn value, int64_t width) {
  SmallVector<float> values;
  for (double decay : op.getDecayAttr().asArrayRef())
    for (int64_t i = 0; i < width; ++i)
      values.push_back(static_cast<float>(value(decay, i)));
  return floatTable(kernel, values, width);
}

Value DecayTile::headRow(PowerFn value, int64_t width, Value column, int64_t columns) {
  return tile.reshape(tile.load(headTable(value, width), {head, column}, {1, columns}), {columns});
}

static double powerOf(double decay, int64_t exponent) { return std::pow(decay, exponent); }

// g^exponent for exponents up to a block's rows, and g^(block * count) up to the last block; f32 scalars.
Value DecayTile::power(Value exponent) {
  return tile.scalar(headTable(powerOf, block + 1), {head, exponent});
}
Value DecayTile::blockPower(Value count) {
  auto value = [&](double decay, int64_t i) { return powerOf(decay, block * i); };
  return tile.scalar(headTable(value, blocks), {head, count});
}

// g to the rows of a gap.
Value DecayTile::gapPower(const DecayGap &gap) {
  if (!gap.rows)
    return blockPower(gap.blocks);
  Value whole = tile.dividedBy(gap.rows, block);
  Value rest = tile.sub(gap.rows, tile.times(whole, block));
  return arith::MulFOp::create(kernel.builder(), kernel.loc(), blockPower(whole), power(rest));
}

// g^(offset + i - j), or with adjoint g^(offset + j - i); zero where the exponent is negative.
Value DecayTile::distances(int64_t offset, int64_t rows, int64_t columns) {
  SmallVector<float> values;
  for (double decay : op.getDecayAttr().asArrayRef())
    for (int64_t i = 0; i < block; ++i)
      for (int64_t j = 0; j < block; ++j) {
        int64_t exponent = offset + (adjoint ? j - i : i - j);
        values.push_back(exponent < 0 ? 0.0f : static_cast<float>(std::pow(decay, exponent)));
      }
  Value table = floatTable(kernel, values, block);
  return tile.load(table, {tile.times(head, block), tile.index(0)}, {rows, columns});
}

Value DecayTile::validCount(const Stretch &stretch) {
  return stretch.valid ? stretch.valid : tile.index(stretch.rows);
}

// g to the number of steps from the stretch's begin to each row, that row's own included; or of the valid
// steps after it.
Value DecayTile::powersOf(const Stretch &stretch, bool after) {
  if (!after)
    return headRow(powerOf, block + 1, tile.index(1), stretch.rows);
  // g^(block - 1), ..., g, 1, 0, ..., 0: read from where exactly the valid rows come before the zeros.
  auto value = [&](double decay, int64_t i) { return i < block ? std::pow(decay, block - 1 - i) : 0.0; };
  Value begin = tile.sub(tile.index(block), validCount(stretch));
  return headRow(value, 2 * block, begin, stretch.rows);
}

// ---- sums
// ----------------------------------------------------------------------------------------------------

// Which rows begin a segment ([1 x rows], i1): resets, and decays of zero.
Value DecayTile::cuts(const Stretch &stretch, Value logs) {
  SmallVector<int64_t, 2> shape{1, stretch.rows};
  Value result;
  if (logs)
    result = tile.equal(logs, tile.floats(-std::numeric_limits<double>::infinity(), shape));
  if (op.getReset()) {
    Value flags = tile.load(kernel.buffer(op.getReset()), {batch, stretch.first}, shape);
    Value begins = arith::CmpIOp::create(kernel.builder(), kernel.loc(), arith::CmpIPredicate::ne, flags,
                                         tile.integers(0, shape, 8));
    result = result ? tile.orI(result, begins) : begins;
  }
  return result;
}

DecaySums DecayTile::sums(const Stretch &stretch) {
  if (!op.getLogDecay() && !op.getReset())
    return {};
  OpBuilder &builder = kernel.builder();
  SmallVector<int64_t, 2> shape{1, stretch.rows};
  Value logs;
  if (Value logDecay = op.getLogDecay()) {
    Value row = tile.add(tile.times(batch, time), stretch.first);
    logs = tile.reshape(kernel.operand(logDecay, {row, head, stretch.rows, 1}), shape);
  }
  Value cut = cuts(stretch, logs);
  DecaySums sums;
  Value counts = tile.widen(cut, 32);
  Value isValid;
  if (stretch.valid) {
    Value count = arith::IndexCastOp::create(builder, kernel.loc(), builder.getI32Type(), stretch.valid);
    isValid = tile.less(tile.iota(1, shape, 32), tile.fill(count, shape));
    counts = tile.selectOrZero(isValid, counts);
  }
  sums.segments = tile.reshape(tile.scan(tile::Combine::Add, counts, 1), {stretch.rows});
  sums.totalSegments = tile.reduce(tile::Combine::Add, counts, 1);
  if (!logs)
    return sums;
  Value zero = tile.floats(0, shape);
  logs = tile.select(cut, zero, logs);
  if (isValid)
    logs = tile.select(isValid, logs, zero);
  Value bounded = tile.minF(tile.maxF(logs, tile.floats(lowestLog, shape)), tile.floats(highestLog, shape));
  Value scaled = tile.mulF(bounded, tile.floats(std::ldexp(1.0, fractionBits), shape));
  Value fixed = arith::FPToSIOp::create(builder, kernel.loc(),
                                        RankedTensorType::get(shape, builder.getI64Type()), scaled);
  sums.logs = tile.reshape(tile.scan(tile::Combine::Add, fixed, 1), {stretch.rows});
  sums.totalLog = tile.reduce(tile::Combine::Add, fixed, 1);
  return sums;
}

DecayGap DecayTile::noGap() {
  DecayGap gap;
  if (op.getLogDecay())
    gap.log = tile.integers(0, {1}, 64);
  if (op.getLogDecay() || op.getReset())
    gap.segments = tile.integers(0, {1}, 32);
  gap.blocks = tile.index(0);
  return gap;
}

DecayGap DecayTile::widen(const DecayGap &gap, const DecaySums &sums) {
  return {gap.log ? tile.addI(gap.log, sums.totalLog) : Value(),
          gap.segments ? tile.addI(gap.segments, sums.totalSegments) : Value(),
          tile.add(gap.blocks, tile.index(1)), Value()};
}

DecayGap DecayTile::narrow(const DecayGap &gap, const DecaySums &sums) {
  return {gap.log ? tile.subI(gap.log, sums.totalLog) : Value(),
          gap.segments ? tile.subI(gap.segments, sums.totalSegments) : Value(),
          tile.sub(gap.blocks, tile.index(1)), Value()};
}

// ---- weights
// -------------------------------------------------------------------------------------------------

// A logarithm of -70 rounded to f32 would be wrong by 70 roundings: what the conversion cuts off is applied
// as well, e^(x + d) = e^x + e^x d.
Value DecayTile::expOf(Value logs) {
  OpBuilder &builder = kernel.builder();
  Value unit = tile.floats(std::ldexp(1.0, -fractionBits), TileArithmetic::shapeOf(logs));
  Value rounded = tile.toFloat(logs);
  Value rest = tile.subI(logs, arith::FPToSIOp::create(builder, kernel.loc(), logs.getType(), rounded));
  Value power = tile.exp(tile.mulF(rounded, unit));
  return tile.fma(power, tile.mulF(tile.toFloat(rest), unit), power);
}

Value DecayTile::isZero(Value segments) {
  return tile.equal(segments, tile.integers(0, TileArithmetic::shapeOf(segments), 32));
}

Value DecayTile::weighScores(Value scores, const DecaySums &sums) {
  int64_t rows = TileArithmetic::shapeOf(scores)[0];
  Value weighed, counts;
  if (sums.logs) {
    Value queryLogs = tile.column(sums.logs, rows), keyLogs = tile.row(sums.logs, rows);
    weighed =
        tile.mulF(scores, expOf(adjoint ? tile.subI(keyLogs, queryLogs) : tile.subI(queryLogs, keyLogs)));
    SmallVector<int64_t, 2> shape{rows, rows};
    Value query = tile.iota(0, shape, 32), key = tile.iota(1, shape, 32);
    counts = adjoint ? tile.lessOrEqual(query, key) : tile.lessOrEqual(key, query);
  } else {
    weighed = tile.mulF(scores, distances(0, rows, rows));
  }
  if (sums.segments) {
    Value together = tile.equal(tile.column(sums.segments, rows), tile.row(sums.segments, rows));
    counts = counts ? tile.andI(counts, together) : together;
  }
  return counts ? tile.selectOrZero(counts, weighed) : weighed;
}

Value DecayTile::weighFarScores(Value scores, const DecaySums &querySums, const DecaySums &keySums,
                                const DecayGap &gap) {
  SmallVector<int64_t, 2> shape(TileArithmetic::shapeOf(scores));
  // The way between query and key leads over the rest of one stretch, the gap, and the begin of the other.
  const DecaySums &early = adjoint ? querySums : keySums, &late = adjoint ? keySums : querySums;
  auto spread = [&](Value earlyRows, Value lateRows) {
    return adjoint ? tile.addI(tile.column(earlyRows, shape[1]), tile.row(lateRows, shape[0]))
                   : tile.addI(tile.row(earlyRows, shape[0]), tile.column(lateRows, shape[1]));
  };
  auto way = [&](Value total, Value rows, Value between, Value lateRows) {
    Value rest = tile.subI(tile.fill(tile.addI(total, between), TileArithmetic::shapeOf(rows)), rows);
    return spread(rest, lateRows);
  };
  Value weighed;
  if (early.logs) {
    weighed = tile.mulF(scores, expOf(way(early.totalLog, early.logs, gap.log, late.logs)));
  } else {
    Value weight = tile.mulF(distances(block, shape[0], shape[1]), tile.fill(blockPower(gap.blocks), shape));
    weighed = tile.mulF(scores, weight);
  }
  if (!early.segments)
    return weighed;
  return tile.selectOrZero(isZero(way(early.totalSegments, early.segments, gap.segments, late.segments)),
                           weighed);
}

// `after`: each row is weighed by the valid steps after it, else by those up to and including it.
Value DecayTile::weighRows(Value rows, const Stretch &stretch, const DecaySums &sums, bool after,
                           const DecayGap *gap) {
  int64_t columns = TileArithmetic::shapeOf(rows)[1];
  SmallVector<int64_t, 1> shape{stretch.rows};
  auto way = [&](Value total, Value prefix, Value between) {
    Value steps = after ? tile.subI(tile.fill(total, shape), prefix) : prefix;
    return gap ? tile.addI(steps, tile.fill(between, shape)) : steps;
  };
  Value weights;
  if (sums.logs) {
    weights = expOf(way(sums.totalLog, sums.logs, gap ? gap->log : Value()));
  } else {
    weights = powersOf(stretch, after);
    if (gap)
      weights = tile.mulF(weights, tile.fill(gapPower(*gap), shape));
  }
  Value weighed = tile.mulF(rows, tile.column(weights, columns));
  if (!sums.segments)
    return weighed;
  Value connected = isZero(way(sums.totalSegments, sums.segments, gap ? gap->segments : Value()));
  return tile.selectOrZero(tile.column(connected, columns), weighed);
}

Value DecayTile::weighRead(Value read, const Stretch &stretch, const DecaySums &sums, const DecayGap *gap) {
  return weighRows(read, stretch, sums, /*after=*/adjoint, gap);
}

Value DecayTile::weighKeys(Value keys, const Stretch &stretch, const DecaySums &sums) {
  return weighRows(keys, stretch, sums, /*after=*/!adjoint, nullptr);
}

// Decay and update are one fused multiply-add per stretch. A state that is carried over a million rows must
// not meet the same rounding error of its decay in every stretch either: what rounding has cut off is applied
// as well.
Value DecayTile::advance(Value state, Value update, const Stretch &stretch, const DecaySums &sums) {
  SmallVector<int64_t, 2> shape(TileArithmetic::shapeOf(state));
  Value next;
  if (sums.logs) {
    next = tile.fma(tile.fill(expOf(sums.totalLog), shape), state, update);
  } else {
    auto restOf = [](double decay, int64_t i) {
      return powerOf(decay, i) - static_cast<float>(powerOf(decay, i));
    };
    Value count = validCount(stretch);
    Value rest = tile.fill(tile.scalar(headTable(restOf, block + 1), {head, count}), shape);
    next = tile.fma(tile.fill(power(count), shape), state, tile.fma(rest, state, update));
  }
  // Select: a zero weight must also drop infinities of an earlier document.
  return sums.segments ? tile.select(tile.fill(isZero(sums.totalSegments), shape), next, update) : next;
}

// ---- the recurrence
// ------------------------------------------------------------------------------------------

// The decay of one row (f32 scalar or [1]), and whether it begins a segment (`cut`, i1 [1], null if it
// cannot).
Value DecayTile::rowDecays(Value row, Value &cut) {
  Value logs;
  if (Value logDecay = op.getLogDecay())
    logs = kernel.operand(logDecay, {tile.add(tile.times(batch, time), row), head, 1, 1});
  cut = cuts({row, 1, Value()}, logs);
  if (cut)
    cut = tile.reshape(cut, {1});
  return logs ? tile.reshape(tile.exp(logs), {1}) : power(tile.index(1));
}

// A decay that f32 does not hold exactly would be wrong by the same factor in every step. What rounding has
// cut off is applied as well.
Value DecayTile::withRest(Value state, Value sum) {
  if (!op.getDecay() ||
      llvm::all_of(op.getDecayAttr().asArrayRef(), [](double g) { return static_cast<float>(g) == g; }))
    return sum;
  auto rest = [](double decay, int64_t) { return decay - static_cast<float>(decay); };
  Value factor = tile.scalar(headTable(rest, 1), {head, tile.index(0)});
  return tile.fma(tile.fill(factor, TileArithmetic::shapeOf(state)), state, sum);
}

Value DecayTile::step(Value state, Value update, Value row) {
  SmallVector<int64_t, 2> shape(TileArithmetic::shapeOf(state));
  Value cut, decay = rowDecays(row, cut);
  Value next = tile.fma(tile.fill(decay, shape), state, withRest(state, update));
  return cut ? tile.select(tile.fill(cut, shape), update, next) : next;
}

// Not the decay of a rounded sum: what the decay's own rounding cuts off would be lost in it, in every step.
Value DecayTile::stepThenDecay(Value state, Value update, Value row) {
  SmallVector<int64_t, 2> shape(TileArithmetic::shapeOf(state));
  Value cut, decay = rowDecays(row, cut);
  Value factors = tile.fill(decay, shape);
  Value next = tile.fma(factors, state, withRest(state, tile.mulF(factors, update)));
  return cut ? tile.select(tile.fill(cut, shape), tile.floats(0, shape), next) : next;
}

// ---- torchscale's row scale
// ----------------------------------------------------------------------------------

// 1 + g + ... + g^(count - 1), without cancellation for g near 1.
static double geometricSum(double decay, int64_t count) {
  if (decay == 1.0)
    return static_cast<double>(count);
  if (decay == 0.0)
    return count > 0 ? 1.0 : 0.0;
  return -std::expm1(static_cast<double>(count) * std::log(decay)) / (1.0 - decay);
}

Value DecayTile::scales(Value before, int64_t rows) {
  Value one = tile.index(1);
  Value powers = headRow(powerOf, block + 1, one, rows), sums = headRow(geometricSum, block + 1, one, rows);
  return tile.fma(powers, tile.fill(before, {rows}), sums);
}

Value DecayTile::lastScale(Value before, const Stretch &stretch) {
  Value count = validCount(stretch);
  return tile.fma(tile.fill(power(count), {1}), before, headRow(geometricSum, block + 1, count, 1));
}

Value DecayTile::scaleBefore(Value first, Value count) {
  auto sum = [&](double decay, int64_t i) { return geometricSum(decay, block * i); };
  return tile.fma(tile.fill(blockPower(count), {1}), first, headRow(sum, blocks, count, 1));
}
