// References of the scoring ops, the loss and their gradients.
#include "test/evaluator/Evaluator.h"

#include <cmath>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

// x . W[v] for every v.
static std::vector<double> logitsOf(const Tensor &x, const Tensor &weight, size_t row) {
  std::vector<double> logits(weight.size(0), 0.0);
  for (int64_t v = 0; v < weight.size(0); ++v)
    for (int64_t k = 0; k < weight.size(1); ++k)
      logits[v] += x.data[row * weight.size(1) + k] * weight.at({v, k});
  return logits;
}

// Calls `add(row, v, slope)` with the derivative of the scalar by each logit.
template <typename Op, typename Add> static void forEachLogit(Op op, Evaluator &evaluator, Add add) {
  const Tensor &x = evaluator[op.getX()], &weight = evaluator[op.getWeight()];
  const Tensor &targets = evaluator[op.getTargets()], &logSumExp = evaluator[op.getLogSumExp()];
  const Tensor &cotangent = evaluator[op.getDLogProb()];
  for (size_t row = 0; row < targets.data.size(); ++row) {
    if (targets.data[row] < 0)
      continue;
    for (auto [v, logit] : llvm::enumerate(logitsOf(x, weight, row))) {
      double isTarget = static_cast<double>(v) == targets.data[row] ? 1 : 0;
      double probability = std::exp(logit - logSumExp.data[row]);
      add(static_cast<int64_t>(row), static_cast<int64_t>(v), cotangent.data[row] * (isTarget - probability));
    }
  }
}

// The weight of each position in the mean: none without a target.
static double weightOf(const Tensor &targets, const Tensor &weights, size_t i) {
  return targets.data[i] < 0 ? 0 : weights.data[i];
}

namespace {

struct LinearLogProbReference : ReferenceOpInterface::ExternalModel<LinearLogProbReference, LinearLogProbOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto score = cast<LinearLogProbOp>(op);
    const Tensor &x = evaluator[score.getX()], &weight = evaluator[score.getWeight()];
    const Tensor &targets = evaluator[score.getTargets()];
    Tensor result(targets.shape), logSumExp(targets.shape);
    for (size_t row = 0; row < targets.data.size(); ++row) {
      std::vector<double> logits = logitsOf(x, weight, row);
      double maximum = *llvm::max_element(logits), sum = 0;
      for (double logit : logits)
        sum += std::exp(logit - maximum);
      logSumExp.data[row] = maximum + std::log(sum);
      if (targets.data[row] >= 0)
        result.data[row] = logits[static_cast<size_t>(targets.data[row])] - logSumExp.data[row];
    }
    return {result, logSumExp};
  }
};

struct LinearLogProbGradInputReference
    : ReferenceOpInterface::ExternalModel<LinearLogProbGradInputReference, LinearLogProbGradInputOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto grad = cast<LinearLogProbGradInputOp>(op);
    const Tensor &weight = evaluator[grad.getWeight()];
    Tensor dx(evaluator[grad.getX()].shape);
    forEachLogit(grad, evaluator, [&](int64_t row, int64_t v, double slope) {
      for (int64_t k = 0; k < weight.size(1); ++k)
        dx.data[row * weight.size(1) + k] += slope * weight.at({v, k});
    });
    return {dx};
  }
};

struct LinearLogProbGradWeightReference
    : ReferenceOpInterface::ExternalModel<LinearLogProbGradWeightReference, LinearLogProbGradWeightOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto grad = cast<LinearLogProbGradWeightOp>(op);
    const Tensor &x = evaluator[grad.getX()];
    Tensor dw(evaluator[grad.getWeight()].shape);
    forEachLogit(grad, evaluator, [&](int64_t row, int64_t v, double slope) {
      for (int64_t k = 0; k < dw.size(1); ++k)
        dw.at({v, k}) += slope * x.data[row * dw.size(1) + k];
    });
    return {dw};
  }
};

struct MeanLossReference : ReferenceOpInterface::ExternalModel<MeanLossReference, MeanLossOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto mean = cast<MeanLossOp>(op);
    const Tensor &logProb = evaluator[mean.getLogProb()], &targets = evaluator[mean.getTargets()];
    const Tensor &weights = evaluator[mean.getLossWeight()];
    Tensor loss(std::vector<int64_t>{}), weightSum(loss);
    for (size_t i = 0; i < targets.data.size(); ++i) {
      loss.data[0] -= weightOf(targets, weights, i) * logProb.data[i];
      weightSum.data[0] += weightOf(targets, weights, i);
    }
    loss.data[0] = weightSum.data[0] == 0 ? 0 : loss.data[0] / weightSum.data[0];
    return {loss, weightSum};
  }
};

struct MeanLossGradReference : ReferenceOpInterface::ExternalModel<MeanLossGradReference, MeanLossGradOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto grad = cast<MeanLossGradOp>(op);
    const Tensor &targets = evaluator[grad.getTargets()], &weights = evaluator[grad.getLossWeight()];
    double weightSum = evaluator[grad.getWeightSum()].data[0];
    double dLoss = grad.getDLoss() ? evaluator[grad.getDLoss()].data[0] : 1;
    Tensor result(targets.shape);
    for (size_t i = 0; i < targets.data.size(); ++i)
      result.data[i] = weightSum == 0 ? 0 : -dLoss * weightOf(targets, weights, i) / weightSum;
    return {result};
  }
};

} // namespace

void rondo::reference::attachLossReferences(MLIRContext *context) {
  LinearLogProbGradInputOp::attachInterface<LinearLogProbGradInputReference>(*context);
  LinearLogProbGradWeightOp::attachInterface<LinearLogProbGradWeightReference>(*context);
  LinearLogProbOp::attachInterface<LinearLogProbReference>(*context);
  MeanLossGradOp::attachInterface<MeanLossGradReference>(*context);
  MeanLossOp::attachInterface<MeanLossReference>(*context);
}
