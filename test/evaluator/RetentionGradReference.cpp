// References of what retention's derivative adds.
#include "test/evaluator/Evaluator.h"
#include "test/evaluator/RetentionForms.h"

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

// The product of row t's head h of x (which may be shared) with the gradient's.
static double dotOfHead(const Tensor &x, const Tensor &dx, int64_t b, int64_t t, int64_t h) {
  double sum = 0;
  for (int64_t i = 0; i < dx.size(3); ++i)
    sum += x.at({b, t, h / (dx.size(2) / x.size(2)), i}) * dx.at({b, t, h, i});
  return sum;
}

namespace {

struct RetentionGradDecayReference
    : ReferenceOpInterface::ExternalModel<RetentionGradDecayReference, RetentionGradDecayOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto grad = cast<RetentionGradDecayOp>(op);
    const Tensor &q = evaluator[grad.getQ()], &dq = evaluator[grad.getDq()];
    const Tensor &k = evaluator[grad.getK()], &dk = evaluator[grad.getDk()];
    const Tensor *state = evaluator.find(grad.getFinalState()),
                 *dState = evaluator.find(grad.getDFinalState());
    const Tensor *reset = evaluator.find(grad.getReset()), *length = evaluator.find(grad.getLength());
    int64_t batch = dq.size(0), time = dq.size(1), heads = dq.size(2);
    Tensor result({batch, time, heads});
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t h = 0; h < heads; ++h) {
        double sum = 0;
        for (int64_t i = 0; state && i < state->size(2); ++i)
          for (int64_t j = 0; j < state->size(3); ++j)
            sum += state->at({b, h, i, j}) * dState->at({b, h, i, j});
        for (int64_t t = length ? static_cast<int64_t>(length->data[b]) - 1 : time - 1; t >= 0; --t) {
          sum += dotOfHead(q, dq, b, t, h) - dotOfHead(k, dk, b, t, h);
          if (reset && reset->at({b, t}) != 0)
            sum = 0; // the document before has its own sum
          result.at({b, t, h}) = sum;
        }
      }
    return {result};
  }
};

struct RetentionScaleRowsReference
    : ReferenceOpInterface::ExternalModel<RetentionScaleRowsReference, RetentionScaleRowsOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto scale = cast<RetentionScaleRowsOp>(op);
    const Tensor &x = evaluator[scale.getX()], *length = evaluator.find(scale.getLength());
    bool byScores = scale.getRowScale() == RowScale::TorchscaleParallel;
    // Without scores q, k and v are never read.
    RetentionProblem problem{.q = byScores ? evaluator[scale.getQ()] : x,
                             .k = byScores ? evaluator[scale.getK()] : x,
                             .v = x,
                             .decay = Tensor({x.size(0), x.size(1), x.size(2)}),
                             .state = std::nullopt,
                             .reset = std::nullopt,
                             .length = length ? std::optional<Tensor>(*length) : std::nullopt};
    for (size_t i = 0; i < problem.decay.data.size(); ++i)
      problem.decay.data[i] = scale.getDecay()[i % x.size(2)];
    Tensor factors = rowScales(problem, evaluator.find(scale.getInitialScale()), byScores).factors,
           y(x.shape);
    for (size_t i = 0; i < y.data.size(); ++i)
      if (double factor = factors.data[i / x.width()])
        y.data[i] = factor * x.data[i];
    return {y};
  }
};

} // namespace

void rondo::reference::attachRetentionGradReferences(MLIRContext *context) {
  RetentionGradDecayOp::attachInterface<RetentionGradDecayReference>(*context);
  RetentionScaleRowsOp::attachInterface<RetentionScaleRowsReference>(*context);
}
