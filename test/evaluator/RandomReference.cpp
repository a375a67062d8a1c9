// References of the random ops: the runtime's generator, element by element.
#include "runtime/random/Philox.h"
#include "test/evaluator/Evaluator.h"

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

namespace {

struct RandomStreamsReference : ReferenceOpInterface::ExternalModel<RandomStreamsReference, RandomStreamsOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto made = cast<RandomStreamsOp>(op);
    double seed = evaluator[made.getSeed()].data[0], step = evaluator[made.getStep()].data[0];
    std::vector<Tensor> streams;
    for (unsigned i = 0; i < op->getNumResults(); ++i) {
      streams.emplace_back(std::vector<int64_t>{2});
      streams.back().data = {seed, step * 65536 + i};
    }
    return streams;
  }
};

struct DropoutReference : ReferenceOpInterface::ExternalModel<DropoutReference, DropoutOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto dropout = cast<DropoutOp>(op);
    Tensor result = evaluator[dropout.getX()];
    const Tensor *stream = evaluator.find(dropout.getStream());
    if (!stream) // of the graph, which does not train
      return {result};
    double rate = dropout.getRate().convertToDouble();
    auto seed = static_cast<uint64_t>(stream->data[0]), number = static_cast<uint64_t>(stream->data[1]);
    for (size_t e = 0; e < result.data.size(); ++e)
      result.data[e] = rt::uniformAt(seed, number, e) >= rate ? result.data[e] / (1 - rate) : 0;
    return {result};
  }
};

} // namespace

void rondo::reference::attachRandomReferences(MLIRContext *context) {
  DropoutOp::attachInterface<DropoutReference>(*context);
  RandomStreamsOp::attachInterface<RandomStreamsReference>(*context);
}
