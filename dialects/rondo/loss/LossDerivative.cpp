// Derivatives of the scoring ops.
#include "dialects/rondo/BackwardOps.h"
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

std::optional<std::string> LinearLogProbOp::whyNoDerivative() {
  if (llvm::any_of(getLogSumExp().getUsers(), [](Operation *user) { return !isBackward(user); }))
    return "its log_sum_exp is used";
  return std::nullopt;
}

SmallVector<Value> LinearLogProbOp::buildDerivative(OpBuilder &builder, ValueRange cotangents,
                                                    const BitVector &wanted) {
  SmallVector<Value> gradients(3);
  Value x = getX();
  auto type = cast<RankedTensorType>(x.getType());
  bool hasHeads = type.getRank() == 4;
  if (hasHeads)
    x = ReshapeOp::create(builder, getLoc(), x, IntegerAttr());
  if (wanted[0]) {
    gradients[0] = LinearLogProbGradInputOp::create(builder, getLoc(), x, getWeight(), getTargets(),
                                                    getLogSumExp(), cotangents[0]);
    if (hasHeads)
      gradients[0] =
          ReshapeOp::create(builder, getLoc(), gradients[0], builder.getI64IntegerAttr(type.getDimSize(2)));
  }
  if (wanted[1])
    gradients[1] = LinearLogProbGradWeightOp::create(builder, getLoc(), x, getWeight(), getTargets(),
                                                     getLogSumExp(), cotangents[0]);
  return gradients;
}

SmallVector<Value> MeanLossOp::buildLossDerivative(OpBuilder &builder, LossSeed seed) {
  Value dLoss = seed == LossSeed::Sum ? getWeightSum() : Value();
  return {MeanLossGradOp::create(builder, getLoc(), getTargets(), getLossWeight(), getWeightSum(), dLoss),
          Value(), Value()};
}
