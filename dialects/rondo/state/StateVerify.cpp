// Constraints of state reads and writes.
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

// S1 and S2: `value` is [B, slot shape] of the named state, `slot` is i32 [B].
static LogicalResult verifyAccess(Operation *op, SymbolTableCollection &symbols, FlatSymbolRefAttr name,
                                  Type value, Type slot) {
  auto state = symbols.lookupNearestSymbolFrom<StateOp>(op, name);
  if (!state)
    return op->emitOpError("S1: expected the name of a rondo.state, found ") << name;
  auto slotType = dyn_cast<RankedTensorType>(slot);
  if (!slotType || slotType.getRank() != 1 || !slotType.getElementType().isSignlessInteger(32))
    return op->emitOpError("S2: expected slot to be [B] of i32, found ") << slot;
  auto row = cast<RankedTensorType>(state.getSlotType());
  SmallVector<int64_t> shape{slotType.getDimSize(0)};
  llvm::append_range(shape, row.getShape());
  auto expected = RankedTensorType::get(shape, row.getElementType());
  if (value == expected)
    return success();
  InFlightDiagnostic error = op->emitOpError("S1: expected a value of type ")
                             << expected << ", found " << value;
  error.attachNote(state.getLoc()) << "the state is declared here";
  return error;
}

LogicalResult ReadStateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyAccess(*this, symbols, getStateAttr(), getValue().getType(), getSlot().getType());
}

LogicalResult WriteStateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyAccess(*this, symbols, getStateAttr(), getValue().getType(), getSlot().getType());
}
