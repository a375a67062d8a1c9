// Kernels of AdamW: the numbers of a step, and the step of one parameter.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/optimizer/StorageTiles.h"

#include <limits>

using namespace mlir;
using namespace rondo;

// Places in `rates`, as the ops' descriptions list them.
enum Rate : int64_t { Apply, Factor, Beta1, Beta2, Epsilon, StepSize, Unbias2, Decay };

namespace {

// f32 scalars out of rank-0 tensors, and arithmetic on them.
class Scalars {
public:
  explicit Scalars(KernelBuilder &kernel) : kernel(kernel), tile(kernel.builder(), kernel.loc()) {}

  Value load(Value graph) { return tile.scalar(kernel.buffer(graph), {tile.index(0)}); }
  Value constant(double value) {
    auto attr = kernel.builder().getF32FloatAttr(static_cast<float>(value));
    return arith::ConstantOp::create(kernel.builder(), kernel.loc(), attr);
  }
  Value integer(int64_t value) {
    auto attr = kernel.builder().getI64IntegerAttr(value);
    return arith::ConstantOp::create(kernel.builder(), kernel.loc(), attr);
  }

  // 1 - beta^n, relative errors of a few eps whatever n is: with c(n) = 1 - beta^n, c(2n) = c(n) (2 - c(n))
  // and c(a + b) = c(a) + c(b) (1 - c(a)), in which nothing cancels.
  Value oneMinusPower(Value beta, Value n) {
    OpBuilder &b = kernel.builder();
    Value one = constant(1), two = constant(2);
    Value first = tile.subF(one, beta);
    auto loop = scf::ForOp::create(
        b, kernel.loc(), tile.index(0), tile.index(63), tile.index(1), ValueRange{n, first, constant(0)},
        [&](OpBuilder &builder, Location loc, Value, ValueRange carried) {
          Value bits = carried[0], power = carried[1], result = carried[2];
          Value isSet = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                              tile.andI(bits, integer(1)), integer(0));
          Value added = tile.addF(result, tile.mulF(power, tile.subF(one, result)));
          Value next = tile.mulF(power, tile.subF(two, power));
          Value rest = arith::ShRUIOp::create(builder, loc, bits, integer(1));
          scf::YieldOp::create(builder, loc, ValueRange{rest, next, tile.select(isSet, added, result)});
        });
    return loop.getResult(2);
  }

private:
  KernelBuilder &kernel;
  TileArithmetic tile;
};

} // namespace

// ---- adam_rates
// ----------------------------------------------------------------------------------------------

int64_t AdamRatesOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }
SmallVector<int64_t> AdamRatesOp::getGrid(const target::TileSizes &, int64_t) { return {1}; }

// The sum of all sums, `[1]`: of each operand, then in pairs.
static Value totalOf(KernelBuilder &kernel, ValueRange operands) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  SmallVector<Value> totals;
  for (Value sums : operands) {
    int64_t parts = cast<RankedTensorType>(sums.getType()).getDimSize(0);
    Value loaded = tile.load(kernel.buffer(sums), {tile.index(0)}, {parts});
    totals.push_back(parts == 1 ? loaded
                                : tile.reduce(tile::Combine::Add, tile.reshape(loaded, {1, parts}), 1));
  }
  for (; totals.size() > 1; totals.truncate((totals.size() + 1) / 2))
    for (size_t i = 0; i < (totals.size() + 1) / 2; ++i)
      totals[i] = 2 * i + 1 < totals.size() ? tile.addF(totals[2 * i], totals[2 * i + 1]) : totals[2 * i];
  return totals.empty() ? tile.floats(0, {1}) : totals.front();
}

LogicalResult AdamRatesOp::emitKernel(KernelBuilder &kernel, ValueRange) {
  OpBuilder &b = kernel.builder();
  Location loc = kernel.loc();
  TileArithmetic tile(b, loc);
  Scalars scalars(kernel);
  auto spread = [&](Value scalar) { return tile.fill(scalar, {1}); };
  Value one = tile.floats(1, {1}), zero = tile.floats(0, {1});

  Value norm = math::SqrtOp::create(b, loc, totalOf(kernel, getSums()));
  Value scale = one;
  if (getDivisor()) {
    Value divisor = spread(scalars.load(getDivisor()));
    scale = tile.select(tile.equal(divisor, zero), zero, tile.divF(one, divisor));
    norm = tile.mulF(norm, scale);
  }
  Value clip = spread(scalars.load(getClip()));
  Value limited = tile.minF(one, tile.divF(clip, norm));
  // Without clipping, and where the norm is zero and there is nothing to clip: 0 / 0 is not to come through.
  Value unlimited = tile.orI(tile.equal(clip, zero), tile.equal(norm, zero));
  Value factor = tile.mulF(scale, tile.select(unlimited, one, limited));
  Value largest = tile.floats(std::numeric_limits<float>::max(), {1});
  Value finite = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLE, norm, largest);

  Value rate = scalars.load(getLearningRate()), beta1 = scalars.load(getBeta1()),
        beta2 = scalars.load(getBeta2());
  Value count = tile.addI(scalars.load(getStep()), scalars.integer(1));
  Value stepSize = tile.divF(rate, scalars.oneMinusPower(beta1, count));
  Value unbias2 = tile.divF(scalars.constant(1), scalars.oneMinusPower(beta2, count));
  Value decay = tile.mulF(rate, scalars.load(getWeightDecay()));

  Value row = tile.index(0);
  kernel.store(getNorm(), norm, row, row);
  Value rates[] = {tile.select(finite, one, zero),     factor,           spread(beta1),   spread(beta2),
                   spread(scalars.load(getEpsilon())), spread(stepSize), spread(unbias2), spread(decay)};
  for (auto [place, value] : llvm::enumerate(rates))
    kernel.store(getRates(), value, row, tile.index(place));
  return success();
}

// ---- adamw
// ---------------------------------------------------------------------------------------------------

int64_t AdamWOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }
bool AdamWOp::worksOnStorage() { return true; }
SmallVector<int64_t> AdamWOp::getGrid(const target::TileSizes &, int64_t) {
  return storageGrid(storageElements(getGradient().getType()));
}

namespace {

class AdamStep {
public:
  AdamStep(AdamWOp op, KernelBuilder &kernel)
      : op(op), kernel(kernel), tile(kernel.builder(), kernel.loc()),
        gradient(kernel.storage(op.getGradient())), weight(kernel.storage(op.getWeight(), true)),
        first(kernel.storage(op.getM(), true)), second(kernel.storage(op.getV(), true)) {
    for (int64_t place = Apply; place <= Decay; ++place)
      rates.push_back(tile.scalar(kernel.buffer(op.getRates()), {tile.index(place)}));
    Value one =
        arith::ConstantOp::create(kernel.builder(), kernel.loc(), kernel.builder().getF32FloatAttr(1));
    rest1 = tile.subF(one, rates[Beta1]);
    rest2 = tile.subF(one, rates[Beta2]);
  }

  // Whether anything is to change.
  Value applies() {
    OpBuilder &b = kernel.builder();
    Value zero = arith::ConstantOp::create(b, kernel.loc(), b.getF32FloatAttr(0));
    return arith::CmpFOp::create(b, kernel.loc(), arith::CmpFPredicate::ONE, rates[Apply], zero);
  }

  // The parameter first: it is computed from the moments' old values, which are still there, so that no tile
  // needs a place of its own.
  void emit(Value at, int64_t size) {
    auto load = [&](Value buffer) { return tile.load(buffer, {at}, {size}); };
    auto spread = [&](Value scalar) { return tile.fill(scalar, {size}); };
    Value g = tile.mulF(load(gradient), spread(rates[Factor]));
    Value m = tile.fma(load(first), spread(rates[Beta1]), tile.mulF(g, spread(rest1)));
    Value v = tile.fma(load(second), spread(rates[Beta2]), tile.mulF(tile.mulF(g, g), spread(rest2)));
    Value root = math::SqrtOp::create(kernel.builder(), kernel.loc(), tile.mulF(v, spread(rates[Unbias2])));
    Value change = tile.divF(m, tile.addF(root, spread(rates[Epsilon])));
    Value w = load(weight), kept = w;
    if (op.getDecay())
      kept = tile.subF(w, tile.mulF(w, spread(rates[Decay])));
    store(tile.subF(kept, tile.mulF(change, spread(rates[StepSize]))), weight, at);
    store(m, first, at);
    store(v, second, at);
  }

private:
  void store(Value value, Value buffer, Value at) {
    tile::StoreOp::create(kernel.builder(), kernel.loc(), value, buffer, ValueRange{at});
  }

  AdamWOp op;
  KernelBuilder &kernel;
  TileArithmetic tile;
  Value gradient, weight, first, second;
  SmallVector<Value> rates;
  Value rest1, rest2; // 1 - beta
};

} // namespace

LogicalResult AdamWOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  AdamStep step(*this, kernel);
  auto branch = scf::IfOp::create(kernel.builder(), kernel.loc(), step.applies(), /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(kernel.builder());
  kernel.builder().setInsertionPointToStart(branch.thenBlock());
  forEachStorageTile(kernel, ids[0], storageElements(getGradient().getType()),
                     [&](Value at, int64_t size) { step.emit(at, size); });
  return success();
}
