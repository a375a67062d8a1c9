// Shape rules of the optimiser ops.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/ShapeMatcher.h"

using namespace mlir;
using namespace rondo;

static constexpr int64_t kElementsPerSum = 16384, kMostSums = 256;

LogicalResult SquareSumOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                            Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  auto gradient = dyn_cast<RankedTensorType>(op.getGradient().getType());
  if (!gradient || !gradient.hasStaticShape() || !gradient.getElementType().isF32())
    return shapes.fail("SQ1", "expected a static gradient of f32, found ", op.getGradient().getType());
  int64_t parts = llvm::divideCeil(gradient.getNumElements(), kElementsPerSum);
  shapes.bind("P", std::clamp<int64_t>(parts, 1, kMostSums));
  types.push_back(shapes.tensor({"P"}, shapes.f32()));
  return success();
}

LogicalResult AdamRatesOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                            Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  auto scalar = [&](StringRef name, Value value) {
    return !value || succeeded(shapes.match("AR1", name, value.getType(), {}, shapes.f32()));
  };
  if (failed(shapes.match("AR1", "step", op.getStep().getType(), {}, shapes.integer(64))) ||
      !scalar("learning_rate", op.getLearningRate()) || !scalar("weight_decay", op.getWeightDecay()) ||
      !scalar("clip", op.getClip()) || !scalar("beta1", op.getBeta1()) || !scalar("beta2", op.getBeta2()) ||
      !scalar("epsilon", op.getEpsilon()) || !scalar("divisor", op.getDivisor()))
    return failure();
  for (Value sums : op.getSums())
    if (auto type = dyn_cast<RankedTensorType>(sums.getType());
        !type || type.getRank() != 1 || !type.hasStaticShape() || !type.getElementType().isF32())
      return shapes.fail("AR1", "expected sums to be [P] of f32, found ", sums.getType());
  shapes.bind("8", 8);
  types.push_back(shapes.tensor({}, shapes.f32()));
  types.push_back(shapes.tensor({"8"}, shapes.f32()));
  return success();
}
