// Positions as a sequence op: the state is the number of tokens seen so far.
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

SmallVector<StateSpec> PositionsOp::getStateSpecs() {
  return {{"position", StateKind::Carried, RankedTensorType::get({}, IntegerType::get(getContext(), 64))}};
}

bool PositionsOp::isCausal() { return true; }

std::optional<std::string> PositionsOp::whyNoStep() {
  if (getStart() || getLength())
    return "its start or length is an operand of the graph";
  return std::nullopt;
}

SequenceStep PositionsOp::buildStep(OpBuilder &builder, const SequenceStretch &stretch) {
  Adaptor old(stretch.operands, *this);
  Value reset = old.getReset() ? old.getReset() : stretch.reset;
  auto step = PositionsOp::create(builder, getLoc(), old.getLike(), stretch.states[0], reset, stretch.length);
  return {{step.getP(), step.getNext()}, {step.getNext()}};
}
