// Reference of retention: by definition, or by the formula of the schedule that the op carries.
#include "test/evaluator/Evaluator.h"
#include "test/evaluator/RetentionForms.h"

#include <cmath>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

static std::optional<Tensor> maybe(const Tensor *tensor) {
  return tensor ? std::optional<Tensor>(*tensor) : std::nullopt;
}

static RetentionProblem problemOf(RetentionOp op, Evaluator &evaluator) {
  auto o = cast<RankedTensorType>(op.getO().getType());
  RetentionProblem problem{.q = evaluator[op.getQ()],
                           .k = evaluator[op.getK()],
                           .v = evaluator[op.getV()],
                           .decay = Tensor({o.getDimSize(0), o.getDimSize(1), o.getDimSize(2)}),
                           .state = maybe(evaluator.find(op.getInitialState())),
                           .reset = maybe(evaluator.find(op.getReset())),
                           .length = maybe(evaluator.find(op.getLength())),
                           .adjoint = op.getDirection() == Direction::Adjoint,
                           .transposed = op.getTransposedState()};
  const Tensor *logDecay = evaluator.find(op.getLogDecay());
  for (size_t i = 0; i < problem.decay.data.size(); ++i)
    problem.decay.data[i] = logDecay ? std::exp(logDecay->data[i]) : (*op.getDecay())[i % problem.heads()];
  return problem;
}

static RetentionAnswer retain(const RetentionProblem &problem, ScheduleAttr schedule) {
  if (!schedule || schedule.getForm() == Form::Recurrent)
    return retainByDefinition(problem);
  return schedule.getForm() == Form::Parallel ? retainInParallel(problem)
                                              : retainInChunks(problem, schedule.getChunk());
}

// Divides the rows of o by sqrt(a_t), and under torchscale's parallel scale by the clamped sum of scores;
// returns a.
static Tensor scaleRows(RetentionOp op, const RetentionProblem &problem, const Tensor *initial, Tensor &o) {
  Tensor sums({problem.batch(), problem.heads()});
  for (int64_t b = 0; b < problem.batch(); ++b)
    for (int64_t h = 0; h < problem.heads(); ++h) {
      double a = initial ? initial->at({b, h}) : 0;
      int64_t length = problem.length ? static_cast<int64_t>(problem.length->data[b]) : problem.time();
      for (int64_t t = 0; t < length; ++t) {
        a = problem.decay.at({b, t, h}) * a + 1;
        double divisor = std::sqrt(a);
        if (op.getRowScale() == RowScale::TorchscaleParallel) {
          double scores = 0;
          for (int64_t m = 0; m <= t; ++m)
            scores += std::abs(retentionScore(problem, b, h, t, m)) / std::sqrt(a);
          divisor *= std::clamp(scores, 1.0, 5e4);
        }
        for (int64_t j = 0; j < o.size(3); ++j)
          o.at({b, t, h, j}) /= divisor;
      }
      sums.at({b, h}) = a;
    }
  return sums;
}

namespace {

struct RetentionReference : ReferenceOpInterface::ExternalModel<RetentionReference, RetentionOp> {
  std::vector<Tensor> evaluate(Operation *generic, Evaluator &evaluator) const {
    auto op = cast<RetentionOp>(generic);
    RetentionProblem problem = problemOf(op, evaluator);
    RetentionAnswer answer = retain(problem, op.getScheduleAttr());
    if (op.getRowScale() == RowScale::None)
      return {answer.o, answer.state};
    Tensor sums = scaleRows(op, problem, evaluator.find(op.getInitialScale()), answer.o);
    if (op.getRowScale() == RowScale::TorchscaleParallel)
      return {answer.o, answer.state};
    return {answer.o, answer.state, sums};
  }
};

} // namespace

void rondo::reference::attachRetentionReferences(MLIRContext *context) {
  RetentionOp::attachInterface<RetentionReference>(*context);
}
