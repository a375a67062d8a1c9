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

namespace {

struct RetentionReference : ReferenceOpInterface::ExternalModel<RetentionReference, RetentionOp> {
  std::vector<Tensor> evaluate(Operation *generic, Evaluator &evaluator) const {
    auto op = cast<RetentionOp>(generic);
    RetentionProblem problem = problemOf(op, evaluator);
    RetentionAnswer answer = retain(problem, op.getScheduleAttr());
    if (op.getRowScale() == RowScale::None)
      return {answer.o, answer.state};
    bool byScores = op.getRowScale() == RowScale::TorchscaleParallel;
    RowScales scales = rowScales(problem, evaluator.find(op.getInitialScale()), byScores);
    for (size_t i = 0; i < answer.o.data.size(); ++i)
      answer.o.data[i] *= scales.factors.data[i / answer.o.width()];
    if (byScores)
      return {answer.o, answer.state};
    return {answer.o, answer.state, scales.last};
  }
};

} // namespace

void rondo::reference::attachRetentionReferences(MLIRContext *context) {
  RetentionOp::attachInterface<RetentionReference>(*context);
}
