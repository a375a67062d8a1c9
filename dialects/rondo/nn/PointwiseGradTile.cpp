// Tile arithmetic of the gradients that work row by row: of the activations, and of the norms by their
// inputs.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/nn/RowNorm.h"

#include <cmath>
#include <numbers>

using namespace mlir;
using namespace rondo;

namespace {

// Derivatives of the activations at a tile x.
class Slope {
public:
  Slope(KernelBuilder &kernel, Value x) : b(kernel.builder()), loc(kernel.loc()), tile(b, loc), x(x) {}

  Value of(Activation kind) {
    switch (kind) {
    case Activation::Silu:
      return silu();
    case Activation::Gelu:
      return gelu();
    case Activation::Relu:
      return tile.select(compare(arith::CmpFPredicate::OGT, x, constant(0)), constant(1), constant(0));
    case Activation::Sigmoid:
      return logistic(x).slope;
    case Activation::Tanh: // tanh'(x) = 4 sigmoid'(2 x)
      return tile.mulF(constant(4), logistic(tile.addF(x, x)).slope);
    }
    llvm_unreachable("every activation has a case");
  }

private:
  struct Logistic {
    Value value, slope;
  };

  // sigmoid and its derivative t / (1 + t)^2 with t = exp(-|v|) <= 1: nothing overflows, nothing cancels.
  Logistic logistic(Value v) {
    Value t = tile.exp(arith::NegFOp::create(b, loc, math::AbsFOp::create(b, loc, v)));
    Value upper = tile.divF(constant(1), tile.addF(constant(1), t)), lower = tile.mulF(t, upper);
    Value isNegative = compare(arith::CmpFPredicate::OLT, v, constant(0));
    return {tile.select(isNegative, lower, upper), tile.mulF(lower, upper)};
  }

  Value silu() {
    Logistic sigmoid = logistic(x);
    return tile.fma(x, sigmoid.slope, sigmoid.value);
  }

  // Phi(x) + x phi(x).
  Value gelu() {
    Value erf = math::ErfOp::create(b, loc, tile.mulF(x, constant(std::sqrt(0.5))));
    Value phi = tile.exp(tile.mulF(constant(-0.5), tile.mulF(x, x)));
    Value scaled = tile.mulF(x, constant(0.5 * std::numbers::inv_sqrtpi * std::numbers::sqrt2));
    return tile.fma(scaled, phi, tile.fma(constant(0.5), erf, constant(0.5)));
  }

  Value compare(arith::CmpFPredicate predicate, Value left, Value right) {
    return arith::CmpFOp::create(b, loc, predicate, left, right);
  }
  Value constant(double value) { return tile.floats(value, TileArithmetic::shapeOf(x)); }

  OpBuilder &b;
  Location loc;
  TileArithmetic tile;
  Value x;
};

} // namespace

int64_t ActivationGradOp::getGranularity() { return 1; }
Value ActivationGradOp::emitTile(KernelBuilder &kernel, const Region &region) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  Value x = kernel.operand(getX(), region), dy = kernel.operand(getDy(), region);
  return tile.mulF(Slope(kernel, x).of(getKind()), dy);
}

// One row of the tiles per run of columns. A centred norm's gradient is that of the RMS norm at centred x and
// g.
template <typename GradOp>
static Value emitNormGrad(GradOp op, KernelBuilder &kernel, const rondo::Region &region, bool centres) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  Value x = kernel.operand(op.getX(), region), g = kernel.operand(op.getDy(), region);
  if (op.getWeight())
    g = tile.mulF(g, kernel.columnVector(op.getWeight(), region));
  int64_t width = op.getGranularity(), runs = region.rows * region.columns / width;
  x = tile.reshape(x, {runs, width});
  g = tile.reshape(g, {runs, width});
  if (centres) {
    x = centred(kernel.builder(), kernel.loc(), x);
    g = centred(kernel.builder(), kernel.loc(), g);
  }
  Value r = inverseNorm(kernel.builder(), kernel.loc(), x, op.getEps().convertToDouble());
  Value inner = tile.reduce(tile::Combine::Add, tile.mulF(x, g), 1);
  Value cube = tile.mulF(tile.mulF(r, r), r);
  Value along = tile.mulF(tile.mulF(cube, inner), tile.floats(-1.0 / double(width), {runs}));
  Value dx = tile.fma(x, tile.column(along, width), tile.mulF(g, tile.column(r, width)));
  return tile.reshape(dx, {region.rows, region.columns});
}

static int64_t lastDimension(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape().back();
}

int64_t RmsNormGradOp::getGranularity() { return lastDimension(getX()); }
Value RmsNormGradOp::emitTile(KernelBuilder &kernel, const Region &region) {
  return emitNormGrad(*this, kernel, region, /*centres=*/false);
}

int64_t LayerNormGradOp::getGranularity() { return lastDimension(getX()); }
Value LayerNormGradOp::emitTile(KernelBuilder &kernel, const Region &region) {
  return emitNormGrad(*this, kernel, region, /*centres=*/true);
}
