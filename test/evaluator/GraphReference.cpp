// References of the graph's frame: parameters and groups.
#include "test/evaluator/Evaluator.h"

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

namespace {

struct GetWeightReference : ReferenceOpInterface::ExternalModel<GetWeightReference, GetWeightOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    return {evaluator.weights.at(cast<GetWeightOp>(op).getWeight().str())};
  }
};

struct GroupReference : ReferenceOpInterface::ExternalModel<GroupReference, GroupOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    std::vector<Tensor> arguments;
    for (Value input : op->getOperands())
      arguments.push_back(evaluator[input]);
    return evaluator.runBlock(cast<GroupOp>(op).getBody().front(), arguments);
  }
};

} // namespace

void rondo::reference::attachGraphReferences(MLIRContext *context) {
  GetWeightOp::attachInterface<GetWeightReference>(*context);
  GroupOp::attachInterface<GroupReference>(*context);
}
