// References of state reads and writes.
#include "test/evaluator/Evaluator.h"

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

// The pool of `name`; zeros of the entry point's slots if nothing was written to it yet.
static Tensor &poolOf(Evaluator &evaluator, Operation *op, StringRef name) {
  Tensor &pool = evaluator.states[name.str()];
  if (!pool.shape.empty())
    return pool;
  auto state = SymbolTable::lookupNearestSymbolFrom<StateOp>(op, StringAttr::get(op->getContext(), name));
  auto entry = op->getParentOfType<func::FuncOp>()->getAttrOfType<EntryAttr>("rondo.entry");
  std::vector<int64_t> shape{entry.getSlots()};
  llvm::append_range(shape, cast<RankedTensorType>(state.getSlotType()).getShape());
  return pool = Tensor(shape);
}

namespace {

struct ReadStateReference : ReferenceOpInterface::ExternalModel<ReadStateReference, ReadStateOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto read = cast<ReadStateOp>(op);
    const Tensor &pool = poolOf(evaluator, op, read.getState());
    const Tensor &slot = evaluator[read.getSlot()];
    Tensor value(cast<RankedTensorType>(read.getValue().getType()).getShape().vec());
    size_t row = value.data.size() / slot.data.size();
    for (size_t b = 0; b < slot.data.size(); ++b)
      std::copy_n(pool.data.begin() + static_cast<size_t>(slot.data[b]) * row, row,
                  value.data.begin() + b * row);
    return {value};
  }
};

struct WriteStateReference : ReferenceOpInterface::ExternalModel<WriteStateReference, WriteStateOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto write = cast<WriteStateOp>(op);
    Tensor &pool = poolOf(evaluator, op, write.getState());
    const Tensor &slot = evaluator[write.getSlot()], &value = evaluator[write.getValue()];
    size_t row = value.data.size() / slot.data.size();
    for (size_t b = 0; b < slot.data.size(); ++b)
      std::copy_n(value.data.begin() + b * row, row,
                  pool.data.begin() + static_cast<size_t>(slot.data[b]) * row);
    return {};
  }
};

struct CopyStateReference : ReferenceOpInterface::ExternalModel<CopyStateReference, CopyStateOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    return {evaluator[cast<CopyStateOp>(op).getX()]};
  }
};

} // namespace

void rondo::reference::attachStateReferences(MLIRContext *context) {
  ReadStateOp::attachInterface<ReadStateReference>(*context);
  WriteStateOp::attachInterface<WriteStateReference>(*context);
  CopyStateOp::attachInterface<CopyStateReference>(*context);
}
