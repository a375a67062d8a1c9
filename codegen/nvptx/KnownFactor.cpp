// Greatest common divisors through index arithmetic and loops.
#include "codegen/nvptx/KnownFactor.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/TypeSwitch.h"
#include <numeric>

using namespace mlir;

namespace rondo::codegen {

constexpr int kDeepest = 16; // expressions of kernels are small

static int64_t factorOf(Value index, int64_t most, int depth) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return std::gcd(*constant, most);
  if (depth == kDeepest)
    return 1;
  auto of = [&](Value operand) { return factorOf(operand, most, depth + 1); };
  if (auto argument = dyn_cast<BlockArgument>(index)) {
    auto loop = dyn_cast_or_null<scf::ForOp>(argument.getOwner()->getParentOp());
    bool counts = loop && argument == loop.getInductionVar();
    return counts ? std::gcd(of(loop.getLowerBound()), of(loop.getStep())) : 1;
  }
  Operation *op = index.getDefiningOp();
  auto both = [&](unsigned first) {
    return std::gcd(of(op->getOperand(first)), of(op->getOperand(first + 1)));
  };
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case<arith::MulIOp>([&](auto) {
        int64_t left = of(op->getOperand(0)), right = of(op->getOperand(1));
        return std::gcd(left * right, most);
      })
      .Case<arith::AddIOp, arith::SubIOp, arith::MinSIOp, arith::MaxSIOp, arith::MinUIOp, arith::MaxUIOp,
            arith::RemUIOp, arith::RemSIOp>([&](auto) { return both(0); })
      .Case<arith::SelectOp>([&](auto) { return both(1); })
      .Case<arith::IndexCastOp, arith::IndexCastUIOp>([&](auto) { return of(op->getOperand(0)); })
      .Default(int64_t{1});
}

int64_t knownFactor(Value index, int64_t most) { return factorOf(index, most, 0); }

} // namespace rondo::codegen
