// The kernel of rondo.rotary_table: sines and cosines of absolute positions, exact at any position.
//
// An angle is a 64-bit fixed-point fraction of a turn, so the wrapping product position * step drops whole
// turns without rounding. Its nearest quarter turn is taken off in integers; what remains, at most an eighth
// of a turn, goes through f32 polynomials (absolute error below 1e-7).
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"

#include <cmath>
#include <numbers>

using namespace mlir;
using namespace rondo;

static RankedTensorType positionsType(RotaryTableOp op) {
  return cast<RankedTensorType>(op.getPositions().getType());
}

int64_t RotaryTableOp::getRegionColumns(const target::TileSizes &, int64_t granularity) {
  int64_t width = 2 * getTheta().size();
  return width % granularity == 0 ? width : 0;
}

SmallVector<int64_t> RotaryTableOp::getGrid(const target::TileSizes &sizes, int64_t) {
  return {positionsType(*this).getDimSize(0), tileCount(positionsType(*this).getDimSize(1), sizes.rows)};
}

// theta as a fraction of a turn times 2^64, modulo 2^64. The long double has 64 bits or more, so a position
// of 2^32 turns by less than 2^-30 of a turn too much or too little.
static uint64_t turnsPerToken(double theta) {
  long double turns = static_cast<long double>(theta) / (2 * std::numbers::pi_v<long double>);
  long double fraction = turns - std::floor(turns);
  long double scaled = std::round(std::ldexp(fraction, 64));
  return scaled >= 0x1p64L ? 0 : static_cast<uint64_t>(scaled);
}

// One step per lane of the head, in the order of `pairs`, as a table of one row.
static DenseElementsAttr stepsOfLanes(RotaryTableOp op) {
  ArrayRef<double> theta = op.getTheta();
  int64_t width = 2 * theta.size();
  SmallVector<int64_t> steps(width);
  for (int64_t lane = 0; lane < width; ++lane) {
    bool interleaved = op.getPairs() == Pairs::Interleaved;
    int64_t pair = interleaved ? lane / 2 : lane % static_cast<int64_t>(theta.size());
    steps[lane] = static_cast<int64_t>(turnsPerToken(theta[pair]));
  }
  auto type = RankedTensorType::get({1, width}, IntegerType::get(op.getContext(), 64));
  return DenseElementsAttr::get(type, ArrayRef(steps));
}

namespace {

struct SineCosine {
  Value sine, cosine;
};

} // namespace

// Minimax polynomials (Cephes) on [-pi / 4, pi / 4].
static SineCosine emitPolynomials(TileArithmetic &tile, Value x) {
  ArrayRef<int64_t> shape = TileArithmetic::shapeOf(x);
  auto constant = [&](double value) { return tile.floats(value, shape); };
  Value z = tile.mulF(x, x);
  Value s = tile.fma(constant(-1.9515295891e-4), z, constant(8.3321608736e-3));
  s = tile.fma(s, z, constant(-1.6666654611e-1));
  Value sine = tile.fma(tile.mulF(s, z), x, x);
  Value c = tile.fma(constant(2.443315711809948e-5), z, constant(-1.388731625493765e-3));
  c = tile.fma(c, z, constant(4.166664568298827e-2));
  Value cosine = tile.fma(c, tile.mulF(z, z), tile.fma(constant(-0.5), z, constant(1.0)));
  return {sine, cosine};
}

// Sine and cosine of `turns`, i64 fractions of 2^64.
static SineCosine emitSineCosine(OpBuilder &builder, Location loc, Value turns) {
  TileArithmetic tile(builder, loc);
  SmallVector<int64_t, 2> shape(TileArithmetic::shapeOf(turns));
  auto constant = [&](int64_t value) { return tile.integers(value, shape, 64); };
  // The nearest quarter, modulo 4, and the signed rest in [-1/8, 1/8) of a turn.
  Value rounded = tile.addI(turns, constant(int64_t(1) << 61));
  Value quarter = arith::ShRUIOp::create(builder, loc, rounded, constant(62));
  Value rest = tile.subI(turns, arith::ShLIOp::create(builder, loc, quarter, constant(62)));
  Value angle = tile.mulF(tile.toFloat(rest), tile.floats(std::ldexp(2 * std::numbers::pi, -64), shape));
  SineCosine of = emitPolynomials(tile, angle);
  auto isSet = [&](Value bits, int64_t bit) {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, tile.andI(bits, constant(bit)),
                                 constant(0));
  };
  // Quarters 0 to 3 take (sine, cosine) to (s, c), (c, -s), (-s, -c), (-c, s).
  Value swap = isSet(quarter, 1);
  Value sine = tile.select(swap, of.cosine, of.sine), cosine = tile.select(swap, of.sine, of.cosine);
  auto negateIf = [&](Value condition, Value value) {
    return tile.select(condition, arith::NegFOp::create(builder, loc, value), value);
  };
  return {negateIf(isSet(quarter, 2), sine), negateIf(isSet(tile.addI(quarter, constant(1)), 2), cosine)};
}

LogicalResult RotaryTableOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  int64_t time = positionsType(*this).getDimSize(1), width = 2 * getTheta().size();
  Value steps = kernel.table(stepsOfLanes(*this)), zero = tile.index(0);
  forTile(kernel.builder(), kernel.loc(), ids[1], time, kernel.sizes().rows, [&](Value first, int64_t rows) {
    Value positions = tile.reshape(kernel.operand(getPositions(), {ids[0], first, 1, rows}), {rows});
    Value lanes = tile.reshape(tile.load(steps, {zero, zero}, {1, width}), {width});
    Value turns = tile.mulI(tile.column(positions, width), tile.row(lanes, rows));
    SineCosine table = emitSineCosine(kernel.builder(), kernel.loc(), turns);
    Value row = tile.add(tile.times(ids[0], time), first);
    kernel.finish(table.cosine, {row, zero, rows, width});
    kernel.store(getSin(), table.sine, row, zero);
  });
  return success();
}
