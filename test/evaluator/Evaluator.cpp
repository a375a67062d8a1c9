// The reference evaluator: runs a function of the typed graph in float64, op by op, by definition.
#include "test/evaluator/Evaluator.h"

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

#include "test/evaluator/ReferenceOpInterface.cpp.inc"

std::vector<Tensor> Evaluator::runBlock(Block &block, const std::vector<Tensor> &arguments) {
  for (auto [argument, tensor] : llvm::zip_equal(block.getArguments(), arguments))
    values[argument] = tensor;
  for (Operation &op : block.without_terminator()) {
    auto reference = dyn_cast<ReferenceOpInterface>(op);
    if (!reference)
      llvm::report_fatal_error("no reference for " + op.getName().getStringRef());
    std::vector<Tensor> results = reference.evaluate(*this);
    for (auto [result, tensor] : llvm::zip_equal(op.getResults(), results))
      values[result] = std::move(tensor);
  }
  std::vector<Tensor> outputs;
  for (Value output : block.getTerminator()->getOperands())
    outputs.push_back((*this)[output]);
  return outputs;
}

std::vector<Tensor> Evaluator::run(func::FuncOp function, const std::vector<Tensor> &inputs) {
  std::vector<Tensor> outputs = runBlock(function.getBody().front(), inputs);
  values.clear();
  return outputs;
}

void rondo::reference::registerReferences(DialectRegistry &registry) {
  registry.insert<RondoDialect, func::FuncDialect>();
  registry.addExtension(+[](MLIRContext *context, RondoDialect *) {
    attachAttentionReferences(context);
    attachGraphReferences(context);
    attachLossReferences(context);
    attachNnGradReferences(context);
    attachNnReferences(context);
    attachOptimizerReferences(context);
    attachRandomReferences(context);
    attachRetentionGradReferences(context);
    attachRetentionReferences(context);
    attachStateReferences(context);
  });
}
