// Tile arithmetic of the elementwise ops.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/Tiling.h"
#include "dialects/tile/Tile.h"

#include <cmath>

using namespace mlir;
using namespace rondo;

// A tile of `like`'s shape that holds one value.
static Value fill(KernelBuilder &kernel, Value like, double value) {
  return splatTile(kernel.builder(), kernel.loc(), like.getType(), value);
}

int64_t AddOp::getGranularity() { return 1; }
Value AddOp::emitTile(KernelBuilder &kernel, const Region &region) {
  Value lhs = kernel.operand(getLhs(), region), rhs = kernel.operand(getRhs(), region);
  return arith::AddFOp::create(kernel.builder(), kernel.loc(), lhs, rhs);
}

int64_t MulOp::getGranularity() { return 1; }
Value MulOp::emitTile(KernelBuilder &kernel, const Region &region) {
  Value lhs = kernel.operand(getLhs(), region), rhs = kernel.operand(getRhs(), region);
  return arith::MulFOp::create(kernel.builder(), kernel.loc(), lhs, rhs);
}

int64_t ScaleOp::getGranularity() { return 1; }
Value ScaleOp::emitTile(KernelBuilder &kernel, const Region &region) {
  Value x = kernel.operand(getX(), region);
  return arith::MulFOp::create(kernel.builder(), kernel.loc(), x,
                               fill(kernel, x, getFactor().convertToDouble()));
}

int64_t ReshapeOp::getGranularity() { return 1; }
Value ReshapeOp::emitTile(KernelBuilder &kernel, const Region &region) {
  return kernel.operand(getX(), region);
}

// 1 + exp(-x): exp overflows to infinity for very negative x, and the quotients below then give the limit, 0.
static Value sigmoidDenominator(KernelBuilder &kernel, Value x) {
  OpBuilder &b = kernel.builder();
  Value negated = arith::NegFOp::create(b, kernel.loc(), x);
  Value power = math::ExpOp::create(b, kernel.loc(), negated);
  return arith::AddFOp::create(b, kernel.loc(), fill(kernel, x, 1), power);
}

// x / 2 (1 + erf(x / sqrt 2)).
static Value gelu(KernelBuilder &kernel, Value x) {
  OpBuilder &b = kernel.builder();
  Location loc = kernel.loc();
  Value erf = math::ErfOp::create(b, loc, arith::MulFOp::create(b, loc, x, fill(kernel, x, std::sqrt(0.5))));
  Value half = arith::MulFOp::create(b, loc, x, fill(kernel, x, 0.5));
  return arith::MulFOp::create(b, loc, half, arith::AddFOp::create(b, loc, erf, fill(kernel, x, 1)));
}

int64_t ActivationOp::getGranularity() { return 1; }
Value ActivationOp::emitTile(KernelBuilder &kernel, const Region &region) {
  OpBuilder &b = kernel.builder();
  Location loc = kernel.loc();
  Value x = kernel.operand(getX(), region);
  switch (getKind()) {
  case Activation::Silu:
    return arith::DivFOp::create(b, loc, x, sigmoidDenominator(kernel, x));
  case Activation::Gelu:
    return gelu(kernel, x);
  case Activation::Relu:
    return arith::MaximumFOp::create(b, loc, x, fill(kernel, x, 0));
  case Activation::Sigmoid:
    return arith::DivFOp::create(b, loc, fill(kernel, x, 1), sigmoidDenominator(kernel, x));
  case Activation::Tanh:
    return math::TanhOp::create(b, loc, x);
  }
  llvm_unreachable("every activation has a case");
}
