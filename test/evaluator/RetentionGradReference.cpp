// References of what retention's derivative adds.
#include "test/evaluator/Evaluator.h"

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

} // namespace

void rondo::reference::attachRetentionGradReferences(MLIRContext *context) {
  RetentionGradDecayOp::attachInterface<RetentionGradDecayReference>(*context);
}
