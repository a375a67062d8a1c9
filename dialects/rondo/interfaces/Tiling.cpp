// How kernels see graph tensors, as rows x columns, and how they cut an extent into tiles.
#include "dialects/rondo/interfaces/Tiling.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace rondo;

static int64_t product(ArrayRef<int64_t> extents) {
  int64_t result = 1;
  for (int64_t extent : extents)
    result *= extent;
  return result;
}

bool rondo::isVector(RankedTensorType type) {
  return type.getRank() == 0 || (type.getRank() == 1 && isa<FloatType>(type.getElementType()));
}

RowsColumns rondo::sequenceView(RankedTensorType type) {
  ArrayRef<int64_t> shape = type.getShape();
  if (isVector(type))
    return {1, product(shape)};
  size_t leading = shape.size() <= 2 ? std::min<size_t>(shape.size(), 1) : 2;
  return {product(shape.take_front(leading)), product(shape.drop_front(leading))};
}

RowsColumns rondo::stateView(RankedTensorType type) {
  ArrayRef<int64_t> shape = type.getShape();
  if (shape.size() <= 1)
    return {product(shape), 1};
  return {product(shape.drop_back()), shape.back()};
}

void rondo::forTile(OpBuilder &builder, Location loc, Value id, int64_t extent, int64_t tile,
                    function_ref<void(Value, int64_t)> emit) {
  if (extent <= tile)
    return emit(arith::ConstantIndexOp::create(builder, loc, 0), extent);
  Value size = arith::ConstantIndexOp::create(builder, loc, tile);
  Value begin = arith::MulIOp::create(builder, loc, id, size);
  int64_t whole = extent / tile, rest = extent % tile;
  if (rest == 0)
    return emit(begin, tile);
  Value wholeTiles = arith::ConstantIndexOp::create(builder, loc, whole);
  Value isWhole = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, id, wholeTiles);
  auto branch = scf::IfOp::create(builder, loc, isWhole, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  emit(begin, tile);
  builder.setInsertionPointToStart(branch.elseBlock());
  emit(arith::ConstantIndexOp::create(builder, loc, whole * tile), rest);
}

Value rondo::splatTile(OpBuilder &builder, Location loc, Type type, double value) {
  auto tile = cast<RankedTensorType>(type);
  auto element = FloatAttr::get(tile.getElementType(), value);
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(tile, element.getValue()));
}
