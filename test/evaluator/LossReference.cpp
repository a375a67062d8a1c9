// References of the scoring ops.
#include "test/evaluator/Evaluator.h"

#include <cmath>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

namespace {

struct LinearLogProbReference : ReferenceOpInterface::ExternalModel<LinearLogProbReference, LinearLogProbOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto score = cast<LinearLogProbOp>(op);
    const Tensor &x = evaluator[score.getX()], &weight = evaluator[score.getWeight()];
    const Tensor &targets = evaluator[score.getTargets()];
    int64_t vocabulary = weight.size(0), depth = weight.size(1);
    Tensor result(targets.shape), logSumExp(targets.shape);
    std::vector<double> logits(vocabulary);
    for (size_t row = 0; row < targets.data.size(); ++row) {
      for (int64_t v = 0; v < vocabulary; ++v) {
        logits[v] = 0;
        for (int64_t k = 0; k < depth; ++k)
          logits[v] += x.data[row * depth + k] * weight.at({v, k});
      }
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

} // namespace

void rondo::reference::attachLossReferences(MLIRContext *context) {
  LinearLogProbOp::attachInterface<LinearLogProbReference>(*context);
}
