// Transcendental functions as polynomials. Coefficients: exp, log, tanh, sin and cos after Moshier's Cephes;
// erf after Juffa's two-piece approximation.
#include "codegen/lowering/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace rondo::codegen {
#define GEN_PASS_DEF_EXPANDMATH
#include "codegen/lowering/ExpandMath.h.inc"

namespace {

// Arithmetic on values of one type, f32 or a vector of it, with as few words as formulas need.
class Formula {
public:
  Formula(OpBuilder &builder, Location loc, Type type, bool hasAvx512)
      : builder(builder), loc(loc), type(type), hasAvx512(hasAvx512) {
    integers = builder.getI32Type();
    if (auto vector = dyn_cast<VectorType>(type))
      integers = vector.clone(builder.getI32Type());
  }

  Value constant(double value) { return splat(type, builder.getF32FloatAttr(value)); }
  Value integer(int32_t value) { return splat(integers, builder.getI32IntegerAttr(value)); }
  Value add(Value a, Value b) { return arith::AddFOp::create(builder, loc, a, b); }
  Value sub(Value a, Value b) { return arith::SubFOp::create(builder, loc, a, b); }
  Value mul(Value a, Value b) { return arith::MulFOp::create(builder, loc, a, b); }
  Value div(Value a, Value b) { return arith::DivFOp::create(builder, loc, a, b); }
  Value neg(Value a) { return arith::NegFOp::create(builder, loc, a); }
  Value fma(Value a, Value b, Value c) { return math::FmaOp::create(builder, loc, a, b, c); }
  Value abs(Value a) { return math::AbsFOp::create(builder, loc, a); }
  Value sqrt(Value a) { return math::SqrtOp::create(builder, loc, a); }
  Value copySign(Value magnitude, Value sign) {
    return math::CopySignOp::create(builder, loc, magnitude, sign);
  }
  Value select(Value condition, Value a, Value b) {
    return arith::SelectOp::create(builder, loc, condition, a, b);
  }
  Value less(Value a, Value b) {
    return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, a, b);
  }
  Value equal(Value a, Value b) {
    return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, a, b);
  }
  Value bits(Value a) { return arith::BitcastOp::create(builder, loc, integers, a); }
  Value fromBits(Value a) { return arith::BitcastOp::create(builder, loc, type, a); }
  Value toFloat(Value a) { return arith::SIToFPOp::create(builder, loc, type, a); }
  Value addI(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }
  Value subI(Value a, Value b) { return arith::SubIOp::create(builder, loc, a, b); }
  Value andI(Value a, Value b) { return arith::AndIOp::create(builder, loc, a, b); }
  Value orI(Value a, Value b) { return arith::OrIOp::create(builder, loc, a, b); }
  Value shiftLeft(Value a, int32_t by) { return arith::ShLIOp::create(builder, loc, a, integer(by)); }
  Value shiftRight(Value a, int32_t by) { return arith::ShRSIOp::create(builder, loc, a, integer(by)); }
  Value isZero(Value a) {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, a, integer(0));
  }

  // Coefficients from the highest power down.
  Value polynomial(Value x, ArrayRef<double> coefficients) {
    Value sum = constant(coefficients.front());
    for (double coefficient : coefficients.drop_front())
      sum = fma(sum, x, constant(coefficient));
    return sum;
  }

  // Whether x 2^n is one instruction.
  bool hasScale() const {
    auto vector = dyn_cast<VectorType>(type);
    return hasAvx512 && vector && vector.getNumElements() == 16;
  }
  // x 2^n for a whole number n, rounded once.
  Value scale(Value x, Value n) {
    Value allLanes = arith::ConstantOp::create(builder, loc, builder.getI16IntegerAttr(-1));
    Value currentRounding = integerScalar(4);
    return LLVM::CallIntrinsicOp::create(builder, loc, type,
                                         builder.getStringAttr("llvm.x86.avx512.mask.scalef.ps.512"),
                                         ValueRange{x, n, x, allLanes, currentRounding})
        .getResults();
  }

  // x * scale rounded to an integer: as a float and as bits above those of `magic`. Adding 1.5 * 2^23 rounds,
  // and unlike a conversion is defined for NaN.
  std::pair<Value, Value> roundScaled(Value x, double scale) {
    Value magic = constant(12582912.0);
    Value shifted = fma(x, constant(scale), magic);
    return {sub(shifted, magic), subI(bits(shifted), bits(magic))};
  }

private:
  Value splat(Type of, TypedAttr value) {
    if (auto vector = dyn_cast<VectorType>(of))
      return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(vector, Attribute(value)));
    return arith::ConstantOp::create(builder, loc, value);
  }

  Value integerScalar(int32_t value) {
    return arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(value));
  }

  OpBuilder &builder;
  Location loc;
  Type type, integers;
  bool hasAvx512;
};

constexpr double kLn2High = 0.693359375, kLn2Low = -2.12194440e-4;

// e^x = 2^n e^r, |r| <= ln 2 / 2. Without an instruction for it the scale goes in two halves, which reaches
// subnormals and overflows to infinity with the same bits.
Value expandExp(Formula &f, Value x) {
  Value low = f.constant(-104.0), high = f.constant(89.0);
  x = f.select(f.less(x, low), low, x);
  x = f.select(f.less(high, x), high, x);
  auto [n, integer] = f.roundScaled(x, 1.44269504088896341);
  Value r = f.fma(n, f.constant(-kLn2High), x);
  r = f.fma(n, f.constant(-kLn2Low), r);
  // Pairs of powers side by side: a chain half as long as one step per power.
  Value square = f.mul(r, r);
  Value p = f.polynomial(r, {1.9875691500e-4, 1.3981999507e-3});
  p = f.fma(p, square, f.polynomial(r, {8.3334519073e-3, 4.1665795894e-2}));
  p = f.fma(p, square, f.polynomial(r, {1.6666665459e-1, 5.0000001201e-1}));
  p = f.add(f.fma(p, square, r), f.constant(1.0));
  if (f.hasScale())
    return f.scale(p, n);
  Value half = f.shiftRight(integer, 1);
  Value bias = f.integer(127);
  Value first = f.fromBits(f.shiftLeft(f.addI(half, bias), 23));
  Value second = f.fromBits(f.shiftLeft(f.addI(f.subI(integer, half), bias), 23));
  return f.mul(f.mul(p, first), second);
}

// x = 2^e m, sqrt(1/2) <= m < sqrt(2).
Value expandLog(Formula &f, Value x) {
  Value zero = f.constant(0.0);
  Value isSubnormal = f.less(x, f.constant(1.17549435e-38));
  Value scaled = f.select(isSubnormal, f.mul(x, f.constant(33554432.0)), x); // 2^25
  Value bits = f.bits(scaled);
  Value exponent = f.toFloat(f.subI(f.shiftRight(bits, 23), f.integer(126)));
  exponent = f.sub(exponent, f.select(isSubnormal, f.constant(25.0), zero));
  Value m = f.fromBits(f.orI(f.andI(bits, f.integer(0x007fffff)), f.integer(0x3f000000)));
  Value isSmall = f.less(m, f.constant(0.707106781186547524));
  exponent = f.sub(exponent, f.select(isSmall, f.constant(1.0), zero));
  m = f.sub(f.add(m, f.select(isSmall, m, zero)), f.constant(1.0));
  Value square = f.mul(m, m);
  Value p =
      f.polynomial(m, {7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
                       -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1});
  Value y = f.mul(f.mul(p, m), square);
  y = f.fma(exponent, f.constant(kLn2Low), y);
  y = f.fma(square, f.constant(-0.5), y);
  Value result = f.fma(exponent, f.constant(kLn2High), f.add(m, y));
  Value infinity = f.constant(std::numeric_limits<double>::infinity());
  result = f.select(f.equal(x, infinity), infinity, result);
  result = f.select(f.equal(x, zero), f.neg(infinity), result);
  Value isNumber = f.less(f.constant(-1.0e-45), x); // false for negative numbers and NaN
  Value isZero = f.equal(x, zero);
  Value nan = f.constant(std::numeric_limits<double>::quiet_NaN());
  return f.select(isNumber, result, f.select(isZero, result, nan));
}

Value expandTanh(Formula &f, Value x) {
  Value magnitude = f.abs(x), square = f.mul(x, x);
  Value small = f.polynomial(
      square, {-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1});
  small = f.fma(f.mul(small, square), x, x);
  Value e = expandExp(f, f.add(magnitude, magnitude));
  Value large = f.sub(f.constant(1.0), f.div(f.constant(2.0), f.add(e, f.constant(1.0))));
  return f.select(f.less(magnitude, f.constant(0.625)), small, f.copySign(large, x));
}

Value expandErf(Formula &f, Value x) {
  Value t = f.abs(x), s = f.mul(x, x);
  Value r = f.fma(f.constant(-1.72853470e-5), t, f.constant(3.83197126e-4));
  Value u = f.fma(f.constant(-3.88396438e-3), t, f.constant(2.42546219e-2));
  r = f.fma(r, s, u);
  for (double coefficient : {-1.06777877e-1, -6.34846687e-1, -1.28717512e-1})
    r = f.fma(r, t, f.constant(coefficient));
  r = f.fma(r, t, f.neg(t));
  Value large = f.copySign(f.sub(f.constant(1.0), expandExp(f, r)), x);
  Value small = f.polynomial(
      s, {-5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1});
  small = f.fma(small, x, x);
  Value isSmall = f.less(t, f.constant(0.927734375));
  return f.select(isSmall, small, large);
}

// x = n pi/2 + r with pi/2 in three parts; the quadrant n mod 4 picks function and sign.
Value expandSinOrCos(Formula &f, Value x, bool isCos) {
  auto [n, integer] = f.roundScaled(x, 0.636619772367581343);
  Value r = f.fma(n, f.constant(-1.5707963705062866), x);
  r = f.fma(n, f.constant(4.371139000186241e-8), r);
  r = f.fma(n, f.constant(1.7151245100059143e-15), r);
  Value square = f.mul(r, r);
  Value sine = f.polynomial(square, {-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1});
  sine = f.fma(f.mul(sine, square), r, r);
  Value cosine = f.polynomial(square, {2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2});
  cosine = f.fma(f.mul(cosine, square), square, f.fma(square, f.constant(-0.5), f.constant(1.0)));
  Value quadrant = isCos ? f.addI(integer, f.integer(1)) : integer;
  Value result = f.select(f.isZero(f.andI(quadrant, f.integer(1))), sine, cosine);
  return f.select(f.isZero(f.andI(quadrant, f.integer(2))), result, f.neg(result));
}

Value expand(Operation *op, Formula &f) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<math::ExpOp>([&](auto op) { return expandExp(f, op.getOperand()); })
      .Case<math::LogOp>([&](auto op) { return expandLog(f, op.getOperand()); })
      .Case<math::TanhOp>([&](auto op) { return expandTanh(f, op.getOperand()); })
      .Case<math::ErfOp>([&](auto op) { return expandErf(f, op.getOperand()); })
      .Case<math::SinOp>([&](auto op) { return expandSinOrCos(f, op.getOperand(), false); })
      .Case<math::CosOp>([&](auto op) { return expandSinOrCos(f, op.getOperand(), true); })
      .Case<math::RsqrtOp>([&](auto op) { return f.div(f.constant(1.0), f.sqrt(op.getOperand())); })
      .Default([](Operation *) { return Value(); });
}

struct ExpandMathPass : impl::ExpandMathBase<ExpandMathPass> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<math::MathDialect>(op->getDialect()) &&
          getElementTypeOrSelf(op->getResult(0).getType()).isF32())
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      OpBuilder builder(op);
      Formula formula(builder, op->getLoc(), op->getResult(0).getType(), avx512);
      if (Value value = expand(op, formula)) {
        op->getResult(0).replaceAllUsesWith(value);
        op->erase();
      }
    }
  }
};

} // namespace
} // namespace rondo::codegen
