// Reverse mode on one block: gradients flow from seeds to the values that are wanted.
#include "passes/differentiate/BackwardPass.h"

#include "dialects/rondo/ErrorReport.h"

using namespace mlir;
using namespace rondo;

BackwardPass::BackwardPass(Operation *end, ArrayRef<Value> wanted) : builder(end, &marker) {
  active.insert(wanted.begin(), wanted.end());
  for (Operation &op : end->getBlock()->without_terminator()) {
    forward.push_back(&op);
    if (llvm::any_of(op.getOperands(), [&](Value operand) { return active.contains(operand); }))
      active.insert_range(op.getResults());
  }
}

void BackwardPass::add(Value value, Value gradient) {
  if (!active.contains(value))
    return;
  Value &sum = gradients[value];
  if (!sum)
    sum = gradient;
  else if (value.getDefiningOp<GetWeightOp>())
    sum = AddGradientsOp::create(builder, gradient.getLoc(), sum.getType(), sum, gradient);
  else
    sum = AddOp::create(builder, gradient.getLoc(), sum, gradient);
}

BitVector BackwardPass::activeOperands(Operation *op) const {
  BitVector wanted(op->getNumOperands());
  for (auto [index, operand] : llvm::enumerate(op->getOperands()))
    if (active.contains(operand))
      wanted.set(index);
  return wanted;
}

void BackwardPass::spread(Operation *op, ArrayRef<Value> derivative) {
  for (auto [operand, gradient] : llvm::zip_equal(op->getOperands(), derivative))
    if (gradient)
      add(operand, gradient);
}

void BackwardPass::seed(LossOpInterface loss, LossSeed seed) {
  spread(loss, loss.buildLossDerivative(builder, seed));
}

LogicalResult BackwardPass::differentiate(Operation &op) {
  SmallVector<Value> cotangents;
  for (Value result : op.getResults())
    cotangents.push_back(gradients.lookup(result));
  BitVector wanted = activeOperands(&op);
  if (wanted.none() || llvm::none_of(cotangents, [](Value cotangent) { return bool(cotangent); }))
    return success();
  auto differentiable = dyn_cast<DerivativeOpInterface>(op);
  std::optional<std::string> reason =
      differentiable ? differentiable.whyNoDerivative() : std::optional<std::string>("it has no derivative");
  if (reason)
    return reportError(op.getLoc(), ErrorId::EntryRequest,
                       "cannot differentiate through '" + op.getName().getStringRef() + "': " + *reason,
                       "freeze the parameters before it, or ask for entry points without gradients");
  spread(&op, differentiable.buildDerivative(builder, cotangents, wanted));
  return success();
}

LogicalResult BackwardPass::build() {
  for (Operation *op : llvm::reverse(forward))
    if (failed(differentiate(*op)))
      return failure();
  return success();
}
