// Which values of a forward pass its backward pass reads, and which of them are computed again.
#include "passes/differentiate/KeptValues.h"

#include "dialects/rondo/BackwardOps.h"
#include "dialects/rondo/OperandBytes.h"

using namespace mlir;
using namespace rondo;

// Inputs, parameters and pools are there anyway.
static bool hasMemoryOfItsOwn(Value value) {
  Operation *op = value.getDefiningOp();
  return op && !isa<GetWeightOp, ReadStateOp, ReadOptimizerStateOp>(op);
}

static int64_t bytesOf(Value value) { return static_cast<int64_t>(byteCount(value)); }

KeptValues::KeptValues(Block &block) {
  for (Operation &op : block.without_terminator())
    if (!isBackward(&op))
      forward.push_back(&op);
  for (Operation *op : llvm::reverse(forward))
    for (Value result : op->getResults())
      if (hasMemoryOfItsOwn(result) && llvm::any_of(result.getUsers(), [&](Operation *user) {
            return isBackward(user) || recomputed.contains(user);
          })) {
        if (isa<ReshapeOp>(op))
          recomputed.insert(op); // a view of what stands behind it
        else
          kept.insert(result);
      }
}

int64_t KeptValues::bytes() const {
  int64_t sum = 0;
  for (Value value : kept)
    sum += bytesOf(value);
  return sum;
}

void KeptValues::addLeaves(Value value, llvm::SetVector<Value> &leaves) const {
  Operation *op = value.getDefiningOp();
  if (!op || !hasMemoryOfItsOwn(value))
    return;
  if (!recomputed.contains(op)) {
    leaves.insert(value);
    return;
  }
  for (Value operand : op->getOperands())
    addLeaves(operand, leaves);
}

bool KeptValues::tryRecompute(Operation *op) {
  if (recomputed.contains(op) || llvm::none_of(op->getResults(), [&](Value v) { return isKept(v); }))
    return false;
  return tryRecomputeAll(op);
}

bool KeptValues::tryRecomputeAll(ArrayRef<Operation *> ops) {
  llvm::DenseSet<Operation *> before = recomputed;
  llvm::SetVector<Value> dropped, leaves;
  recomputed.insert(ops.begin(), ops.end());
  for (Operation *op : ops)
    for (Value result : op->getResults())
      if (isKept(result))
        dropped.insert(result);
  for (Value value : dropped)
    addLeaves(value, leaves);
  int64_t saved = 0;
  for (Value value : dropped)
    saved += bytesOf(value);
  for (Value leaf : leaves)
    saved -= isKept(leaf) ? 0 : bytesOf(leaf);
  if (saved <= 0) {
    recomputed = std::move(before);
    return false;
  }
  kept.remove_if([&](Value value) { return dropped.contains(value); });
  kept.insert(leaves.begin(), leaves.end());
  return true;
}
