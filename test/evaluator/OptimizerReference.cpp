// References of the optimiser: it changes the evaluator's weights and optimiser tensors in place.
#include "test/evaluator/Evaluator.h"

#include <cmath>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

// The optimiser's tensor of that name; zeros before anything was written to it.
static Tensor &tensorOf(Evaluator &evaluator, Operation *op, StringRef name) {
  Tensor &tensor = evaluator.optimizer[name.str()];
  if (!tensor.data.empty())
    return tensor;
  auto state =
      SymbolTable::lookupNearestSymbolFrom<OptimizerStateOp>(op, StringAttr::get(op->getContext(), name));
  return tensor = Tensor(cast<RankedTensorType>(state.getType()).getShape().vec());
}

namespace {

struct ReadOptimizerStateReference
    : ReferenceOpInterface::ExternalModel<ReadOptimizerStateReference, ReadOptimizerStateOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    return {tensorOf(evaluator, op, cast<ReadOptimizerStateOp>(op).getState())};
  }
};

struct AccumulateReference : ReferenceOpInterface::ExternalModel<AccumulateReference, AccumulateOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto accumulate = cast<AccumulateOp>(op);
    Tensor &sum = tensorOf(evaluator, op, accumulate.getState());
    for (auto [total, value] : llvm::zip_equal(sum.data, evaluator[accumulate.getValue()].data))
      total += value;
    return {};
  }
};

struct ClearOptimizerStateReference
    : ReferenceOpInterface::ExternalModel<ClearOptimizerStateReference, ClearOptimizerStateOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    Tensor &state = tensorOf(evaluator, op, cast<ClearOptimizerStateOp>(op).getState());
    state = Tensor(state.shape);
    return {};
  }
};

struct AddGradientsReference : ReferenceOpInterface::ExternalModel<AddGradientsReference, AddGradientsOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto add = cast<AddGradientsOp>(op);
    Tensor sum = evaluator[add.getLhs()];
    for (auto [total, value] : llvm::zip_equal(sum.data, evaluator[add.getRhs()].data))
      total += value;
    return {sum};
  }
};

// The parts follow the order of storage; here all of it counts in row-major order, and only the total of the
// parts has a meaning that does not depend on the layout.
struct SquareSumReference : ReferenceOpInterface::ExternalModel<SquareSumReference, SquareSumOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto squares = cast<SquareSumOp>(op);
    const Tensor &gradient = evaluator[squares.getGradient()];
    Tensor sums(cast<RankedTensorType>(squares.getSums().getType()).getShape().vec());
    size_t part = (gradient.data.size() + sums.data.size() - 1) / sums.data.size();
    for (size_t i = 0; i < gradient.data.size(); ++i)
      sums.data[i / part] += gradient.data[i] * gradient.data[i];
    return {sums};
  }
};

struct AdamRatesReference : ReferenceOpInterface::ExternalModel<AdamRatesReference, AdamRatesOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto rates = cast<AdamRatesOp>(op);
    auto scalar = [&](Value value) { return evaluator[value].data[0]; };
    double squares = 0, scale = 1;
    for (Value sums : rates.getSums())
      for (double sum : evaluator[sums].data)
        squares += sum;
    if (rates.getDivisor())
      scale = scalar(rates.getDivisor()) == 0 ? 0 : 1 / scalar(rates.getDivisor());
    Tensor norm(std::vector<int64_t>{}), result({8});
    norm.data[0] = scale * std::sqrt(squares);
    double clip = scalar(rates.getClip());
    double clipFactor = clip == 0 || norm.data[0] == 0 ? 1 : std::min(1.0, clip / norm.data[0]);
    double beta1 = scalar(rates.getBeta1()), beta2 = scalar(rates.getBeta2());
    double rate = scalar(rates.getLearningRate()), steps = scalar(rates.getStep()) + 1;
    result.data = {std::isfinite(norm.data[0]) ? 1.0 : 0.0,
                   scale * clipFactor,
                   beta1,
                   beta2,
                   scalar(rates.getEpsilon()),
                   rate / (1 - std::pow(beta1, steps)),
                   1 / (1 - std::pow(beta2, steps)),
                   rate * scalar(rates.getWeightDecay())};
    return {norm, result};
  }
};

struct AdamWReference : ReferenceOpInterface::ExternalModel<AdamWReference, AdamWOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto step = cast<AdamWOp>(op);
    const Tensor &gradient = evaluator[step.getGradient()];
    const std::vector<double> &rates = evaluator[step.getRates()].data;
    if (rates[0] == 0)
      return {};
    Tensor &w = evaluator.weights.at(step.getWeight().str());
    Tensor &m = tensorOf(evaluator, op, step.getM()), &v = tensorOf(evaluator, op, step.getV());
    for (size_t i = 0; i < w.data.size(); ++i) {
      double g = rates[1] * gradient.data[i], decay = step.getDecay() ? rates[7] * w.data[i] : 0;
      m.data[i] = rates[2] * m.data[i] + (1 - rates[2]) * g;
      v.data[i] = rates[3] * v.data[i] + (1 - rates[3]) * g * g;
      w.data[i] -= decay + rates[5] * m.data[i] / (std::sqrt(v.data[i] * rates[6]) + rates[4]);
    }
    return {};
  }
};

} // namespace

void rondo::reference::attachOptimizerReferences(MLIRContext *context) {
  AccumulateOp::attachInterface<AccumulateReference>(*context);
  AdamRatesOp::attachInterface<AdamRatesReference>(*context);
  AdamWOp::attachInterface<AdamWReference>(*context);
  AddGradientsOp::attachInterface<AddGradientsReference>(*context);
  ClearOptimizerStateOp::attachInterface<ClearOptimizerStateReference>(*context);
  ReadOptimizerStateOp::attachInterface<ReadOptimizerStateReference>(*context);
  SquareSumOp::attachInterface<SquareSumReference>(*context);
}
