// Constraints of the ops that touch optimiser states and parameters in place.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/ShapeMatcher.h"

using namespace mlir;
using namespace rondo;

// OS1: `name` is an optimiser state, of `type` if that is given.
static FailureOr<OptimizerStateOp> findState(Operation *op, SymbolTableCollection &symbols, StringRef rule,
                                             FlatSymbolRefAttr name, Type type) {
  auto state = symbols.lookupNearestSymbolFrom<OptimizerStateOp>(op, name);
  if (!state)
    return op->emitOpError(rule) << ": expected the name of a rondo.optimizer_state, found " << name;
  if (!type || equalButForLayout(state.getType(), type))
    return state;
  InFlightDiagnostic error = op->emitOpError(rule)
                             << ": expected type " << state.getType() << ", found " << type;
  error.attachNote(state.getLoc()) << "the state is declared here";
  return error;
}

LogicalResult ReadOptimizerStateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return findState(*this, symbols, "OS1", getStateAttr(), getValue().getType());
}

LogicalResult AccumulateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return findState(*this, symbols, "OS1", getStateAttr(), getValue().getType());
}

LogicalResult ClearOptimizerStateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return findState(*this, symbols, "OS1", getStateAttr(), Type());
}

LogicalResult AdamWOp::verifySymbolUses(SymbolTableCollection &symbols) {
  Type type = getGradient().getType();
  auto weight = symbols.lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr());
  if (!weight)
    return emitOpError("AW1: expected the name of a rondo.weight, found ") << getWeightAttr();
  if (!equalButForLayout(weight.getType(), type))
    return emitOpError("AW1: expected a gradient of type ") << weight.getType() << ", found " << type;
  for (FlatSymbolRefAttr name : {getMAttr(), getVAttr()}) {
    FailureOr<OptimizerStateOp> state = findState(*this, symbols, "AW1", name, type);
    if (failed(state))
      return failure();
    if (state->getWeightAttr() != getWeightAttr())
      return emitOpError("AW1: expected a state of ") << getWeightAttr() << ", found " << name;
  }
  auto rates = dyn_cast<RankedTensorType>(getRates().getType());
  if (!rates || rates.getShape() != ArrayRef<int64_t>{8} || !rates.getElementType().isF32())
    return emitOpError("AW1: expected rates to be [8] of f32, found ") << getRates().getType();
  return success();
}
