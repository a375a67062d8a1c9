// Faults that are planted in the backward pass of an entry point.
#include "test/property/planted_faults/DerivativeFaults.h"

using namespace mlir;
using namespace rondo;
using namespace rondo::property;

// Calls `change` on the ops of that kind in the backward pass until one takes it.
template <typename Op> static std::function<bool(func::FuncOp)> inFirst(std::function<bool(Op)> change) {
  return [change](func::FuncOp entry) {
    for (auto op : entry.getOps<Op>())
      if (op->hasAttr("rondo.backward") && change(op))
        return true;
    return false;
  };
}

static void scaleResult(Operation *op, double factor) {
  OpBuilder builder(op->getContext());
  builder.setInsertionPointAfter(op);
  auto scaled = ScaleOp::create(builder, op->getLoc(), op->getResult(0), builder.getF64FloatAttr(factor));
  op->getResult(0).replaceAllUsesExcept(scaled, scaled);
}

// The result is no sequence tensor, so what is summed is scaled.
static void scaleSummed(SumRowsOp op, double factor) {
  OpBuilder builder(op);
  op.getDyMutable().assign(
      ScaleOp::create(builder, op.getLoc(), op.getDy(), builder.getF64FloatAttr(factor)));
}

static bool isAdjoint(RetentionOp op) { return op.getDirection() == Direction::Adjoint; }
static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

static std::vector<DerivativeFault> pointwiseFaults() {
  return {
      {"the sign of an activation's slope", "grad",
       inFirst<ActivationGradOp>([](ActivationGradOp op) { return scaleResult(op, -1), true; })},
      {"silu's slope taken for sigmoid's", "grad", inFirst<ActivationGradOp>([](ActivationGradOp op) {
         bool fits = op.getKind() == Activation::Silu;
         if (fits)
           op.setKind(Activation::Sigmoid);
         return fits;
       })},
      {"a norm's weight forgotten", "grad", inFirst<RmsNormGradOp>([](RmsNormGradOp op) {
         bool fits = static_cast<bool>(op.getWeight());
         op.getWeightMutable().clear();
         return fits;
       })},
      {"a norm's epsilon dropped", "grad", inFirst<RmsNormGradOp>([](RmsNormGradOp op) {
         return op.setEpsAttr(Builder(op).getF64FloatAttr(0)), true;
       })},
      {"a layer norm's gradient taken for the RMS norm's", "grad",
       inFirst<LayerNormGradOp>([](LayerNormGradOp op) {
         OpBuilder builder(op);
         return op.replaceAllUsesWith(RmsNormGradOp::create(builder, op.getLoc(), op.getX(), op.getDy(),
                                                            op.getWeight(), op.getEpsAttr())
                                          .getResult()),
                true;
       })},
      {"a layer norm's weight multiplied by the uncentred input", "grad",
       inFirst<LayerNormGradWeightOp>([](LayerNormGradWeightOp op) {
         OpBuilder builder(op);
         return op.replaceAllUsesWith(
                    RmsNormGradWeightOp::create(builder, op.getLoc(), op.getX(), op.getDy(), op.getEpsAttr())
                        .getResult()),
                true;
       })},
      {"a bias's gradient halved", "grad",
       inFirst<SumRowsOp>([](SumRowsOp op) { return scaleSummed(op, 0.5), true; })},
      {"another mask in the backward pass", "grad", inFirst<DropoutOp>([](DropoutOp op) {
         auto stream = cast<OpResult>(op.getStream());
         unsigned other = (stream.getResultNumber() + 1) % stream.getOwner()->getNumResults();
         return op.getStreamMutable().assign(stream.getOwner()->getResult(other)),
                other != stream.getResultNumber();
       })},
      {"kept elements not enlarged in the backward pass", "grad", inFirst<DropoutOp>([](DropoutOp op) {
         return scaleResult(op, 1 - op.getRate().convertToDouble()), true;
       })},
      {"a rotation not turned back", "grad",
       inFirst<RotateOp>([](RotateOp op) { return op.setInverse(!op.getInverse()), true; })},
      {"a tied parameter's gradient counted once", "grad", inFirst<AddGradientsOp>([](AddGradientsOp op) {
         return op.getSum().replaceAllUsesWith(op.getLhs()), true;
       })},
      {"the gradient of the sum of losses", "grad", inFirst<MeanLossGradOp>([](MeanLossGradOp op) {
         return op.getDLossMutable().assign(op.getWeightSum()), true;
       })},
      {"heads that share averaged", "grad", inFirst<SumHeadsOp>([](SumHeadsOp op) {
         auto heads = static_cast<double>(typeOf(op.getX()).getDimSize(2));
         return scaleResult(op, static_cast<double>(op.getHeads()) / heads), true;
       })},
  };
}

static std::vector<DerivativeFault> retentionFaults() {
  return {
      {"q and k swapped", "grad", inFirst<RetentionOp>([](RetentionOp op) {
         bool fits = isAdjoint(op) && op.getQ().getType() == op.getK().getType();
         if (fits) {
           Value q = op.getQ();
           op.getQMutable().assign(op.getK());
           op.getKMutable().assign(q);
         }
         return fits;
       })},
      {"the adjoint taken for the forward direction", "grad", inFirst<RetentionOp>([](RetentionOp op) {
         bool fits = isAdjoint(op);
         op.setDirection(Direction::Forward);
         return fits;
       })},
      {"documents not cut in the backward pass", "grad", inFirst<RetentionOp>([](RetentionOp op) {
         op.getResetMutable().clear();
         return true;
       })},
      {"the decay of the head beside it", "grad", inFirst<RetentionOp>([](RetentionOp op) {
         if (!op.getDecay() || op.getDecay()->size() < 2)
           return false;
         SmallVector<double> decay(*op.getDecay());
         std::rotate(decay.begin(), decay.begin() + 1, decay.end());
         op.setDecay(decay);
         return true;
       })},
      {"the initial state forgotten", "grad", inFirst<RetentionOp>([](RetentionOp op) {
         bool fits = !isAdjoint(op);
         op.getInitialStateMutable().clear();
         return fits;
       })},
      {"the final state's cotangent forgotten", "vjp", inFirst<RetentionOp>([](RetentionOp op) {
         bool fits = isAdjoint(op);
         op.getInitialStateMutable().clear();
         return fits;
       })},
      {"a state not transposed", "vjp", inFirst<RetentionOp>([](RetentionOp op) {
         bool fits = op.getTransposedState() && op.getInitialState() &&
                     typeOf(op.getInitialState()).getDimSize(2) == typeOf(op.getInitialState()).getDimSize(3);
         op.setTransposedState(!fits && op.getTransposedState());
         return fits;
       })},
      {"a decay's gradient without the final state", "vjp",
       inFirst<RetentionGradDecayOp>([](RetentionGradDecayOp op) {
         op.getFinalStateMutable().clear();
         op.getDFinalStateMutable().clear();
         return true;
       })},
      {"a row scale forgotten", "vjp", inFirst<RetentionScaleRowsOp>([](RetentionScaleRowsOp op) {
         return op.getY().replaceAllUsesWith(op.getX()), true;
       })},
  };
}

std::vector<DerivativeFault> rondo::property::derivativeFaults() {
  std::vector<DerivativeFault> faults = pointwiseFaults();
  llvm::append_range(faults, retentionFaults());
  return faults;
}
