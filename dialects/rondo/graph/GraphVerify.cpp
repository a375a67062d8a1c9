// Constraints of the graph's frame: parameters and groups.
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

LogicalResult GetWeightOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto weight = symbols.lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr());
  if (!weight)
    return emitOpError("K1: expected the name of a rondo.weight, found ") << getWeightAttr();
  if (weight.getType() != getValue().getType()) {
    InFlightDiagnostic error = emitOpError("K1: expected type ")
                               << weight.getType() << ", found " << getValue().getType();
    error.attachNote(weight.getLoc()) << "the parameter is declared here";
    return error;
  }
  return success();
}

LogicalResult GroupOp::verify() {
  Block &block = getBody().front();
  if (TypeRange(block.getArgumentTypes()) != TypeRange(getInputs().getTypes()))
    return emitOpError("U1: expected region arguments of the operands' types, found ")
           << block.getArgumentTypes() << " for " << getInputs().getTypes();
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || TypeRange(yield.getValues().getTypes()) != TypeRange(getOutputs().getTypes()))
    return emitOpError("U2: expected the region to yield the results' types ") << getOutputs().getTypes();
  Operation *root = nullptr;
  for (Operation &op : block) {
    if (!isa<TileRootOpInterface>(op))
      continue;
    if (root) {
      InFlightDiagnostic error = emitOpError("U3: expected at most one root, found a second: ")
                                 << op.getName();
      error.attachNote(root->getLoc()) << "the first is here";
      return error;
    }
    root = &op;
  }
  if (getSlices() && getSlices()->size() != getNumResults())
    return emitOpError("U4: expected one slice for each of ")
           << getNumResults() << " results, found " << getSlices()->size();
  return success();
}
