// Retention as a sequence op: the state it carries and its form on one stretch.
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

static StateSpec carried(StringRef role, Value final) {
  auto type = cast<RankedTensorType>(final.getType());
  return {role.str(), StateKind::Carried,
          RankedTensorType::get(type.getShape().drop_front(), type.getElementType())};
}

SmallVector<StateSpec> RetentionOp::getStateSpecs() {
  SmallVector<StateSpec> specs{carried("retention", getFinalState())};
  if (getFinalScale())
    specs.push_back(carried("retention_scale", getFinalScale()));
  return specs;
}

bool RetentionOp::isCausal() { return getDirection() == Direction::Forward; }

std::optional<std::string> RetentionOp::whyNoStep() {
  if (getInitialState() || getInitialScale() || getLength())
    return "its initial state or length is an operand of the graph";
  if (getRowScale() == RowScale::TorchscaleParallel)
    return "row_scale torchscale_parallel has no form that carries a state";
  return std::nullopt;
}

SequenceStep RetentionOp::buildStep(OpBuilder &builder, const SequenceStretch &stretch) {
  Adaptor old(stretch.operands, *this);
  Value scale = stretch.states.size() > 1 ? stretch.states[1] : Value();
  // R5: torchscale's row scales know no documents.
  Value reset = old.getReset() || getRowScale() != RowScale::None ? old.getReset() : stretch.reset;
  auto step =
      RetentionOp::create(builder, getLoc(), old.getQ(), old.getK(), old.getV(), old.getLogDecay(),
                          stretch.states[0], reset, stretch.length, scale, getDecayAttr(), getDirectionAttr(),
                          getTransposedStateAttr(), getRowScaleAttr(), getScheduleAttr());
  SmallVector<Value> results(step->getResults());
  return {results, SmallVector<Value>(llvm::drop_begin(results))};
}
