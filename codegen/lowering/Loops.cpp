// Uniform loops, and the operations of reductions.
#include "codegen/lowering/TileLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace rondo::codegen {

void TileLowering::loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body) {
  auto op = scf::ForOp::create(builder, loc, from, to, access().index(step));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.getBody());
  body(op.getInductionVar());
}

void TileLowering::loop(int64_t from, int64_t to, int64_t step, llvm::function_ref<void(Value)> body) {
  if (from + step == to)
    body(access().index(from));
  else if (from < to)
    loop(access().index(from), access().index(to), step, body);
}

// A loop with running values.
SmallVector<Value> TileLowering::fold(int64_t from, int64_t to, int64_t step, ArrayRef<Value> initial,
                                      llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  if (from >= to)
    return SmallVector<Value>(initial);
  auto op = scf::ForOp::create(builder, loc, access().index(from), access().index(to), access().index(step),
                               initial);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.getBody());
  scf::YieldOp::create(builder, loc, body(op.getInductionVar(), op.getRegionIterArgs()));
  return SmallVector<Value>(op.getResults());
}

TypedAttr TileLowering::neutral(tile::Combine kind, Type element) {
  if (kind == tile::Combine::Add)
    return cast<TypedAttr>(builder.getZeroAttr(element));
  if (auto type = dyn_cast<FloatType>(element))
    return builder.getFloatAttr(type, APFloat::getInf(type.getFloatSemantics(), /*Negative=*/true));
  unsigned width = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  return builder.getIntegerAttr(element, APInt::getSignedMinValue(width));
}

Value TileLowering::combine(tile::Combine kind, Value a, Value b) {
  bool isFloat = isa<FloatType>(getElementTypeOrSelf(a.getType()));
  if (kind == tile::Combine::Add)
    return isFloat ? arith::AddFOp::create(builder, loc, a, b).getResult()
                   : arith::AddIOp::create(builder, loc, a, b).getResult();
  if (!isFloat)
    return arith::MaxSIOp::create(builder, loc, a, b);
  // One instruction; to propagate NaN would take three.
  Value isGreater = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGT, a, b);
  return arith::SelectOp::create(builder, loc, isGreater, a, b);
}

} // namespace rondo::codegen
