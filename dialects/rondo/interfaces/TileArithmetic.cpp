// Shorthand for the tile, arith and math ops that kernel bodies are made of.
#include "dialects/rondo/interfaces/TileArithmetic.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace rondo;

ArrayRef<int64_t> TileArithmetic::shapeOf(Value tile) {
  return cast<RankedTensorType>(tile.getType()).getShape();
}

static RankedTensorType withShape(Value tile, ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, getElementTypeOrSelf(tile.getType()));
}

// ---- indices
// -------------------------------------------------------------------------------------------------

Value TileArithmetic::index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }
Value TileArithmetic::add(Value a, Value b) { return builder.createOrFold<arith::AddIOp>(loc, a, b); }
Value TileArithmetic::sub(Value a, Value b) { return builder.createOrFold<arith::SubIOp>(loc, a, b); }
Value TileArithmetic::times(Value a, Value factor) {
  return builder.createOrFold<arith::MulIOp>(loc, a, factor);
}
static bool isOne(Value value) { return getConstantIntValue(value) == 1; }
Value TileArithmetic::dividedBy(Value a, Value divisor) {
  return isOne(divisor) ? a : builder.createOrFold<arith::DivUIOp>(loc, a, divisor);
}
Value TileArithmetic::floorDividedBy(Value a, Value divisor) {
  if (isOne(divisor))
    return a;
  Value quotient = builder.createOrFold<arith::DivSIOp>(loc, a, divisor); // towards zero
  Value rest = builder.createOrFold<arith::RemSIOp>(loc, a, divisor);
  Value isBelow = builder.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, rest, index(0));
  return builder.createOrFold<arith::SelectOp>(loc, isBelow, sub(quotient, index(1)), quotient);
}
Value TileArithmetic::ceilDividedBy(Value a, Value divisor) {
  return floorDividedBy(add(a, sub(divisor, index(1))), divisor);
}
Value TileArithmetic::remainder(Value a, Value divisor) {
  return sub(a, times(floorDividedBy(a, divisor), divisor));
}
Value TileArithmetic::minI(Value a, Value b) { return builder.createOrFold<arith::MinSIOp>(loc, a, b); }
Value TileArithmetic::maxI(Value a, Value b) { return builder.createOrFold<arith::MaxSIOp>(loc, a, b); }
Value TileArithmetic::toIndex(Value integer) {
  return builder.createOrFold<arith::IndexCastOp>(loc, builder.getIndexType(), integer);
}
Value TileArithmetic::fromIndex(Value index, unsigned bits) {
  return builder.createOrFold<arith::IndexCastOp>(loc, builder.getIntegerType(bits), index);
}
Value TileArithmetic::clamp(Value a, int64_t low, int64_t high) {
  Value raised = builder.createOrFold<arith::MaxSIOp>(loc, a, index(low));
  return builder.createOrFold<arith::MinSIOp>(loc, raised, index(high));
}

// ---- memory and constants
// ------------------------------------------------------------------------------------

Value TileArithmetic::scalar(Value buffer, ValueRange offsets) {
  return memref::LoadOp::create(builder, loc, buffer, offsets);
}
Value TileArithmetic::load(Value buffer, ValueRange offsets, ArrayRef<int64_t> shape) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  return tile::LoadOp::create(builder, loc, RankedTensorType::get(shape, element), buffer, offsets);
}
Value TileArithmetic::loadRows(Value buffer, ValueRange offsets, ArrayRef<int64_t> shape, Value step,
                               Value rows) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  auto type = RankedTensorType::get(shape, element);
  std::optional<int64_t> known = getConstantIntValue(step);
  return tile::LoadOp::create(builder, loc, type, buffer, offsets, known ? Value() : step, rows,
                              known.value_or(1));
}
void TileArithmetic::storeRows(Value tile, Value buffer, ValueRange offsets, Value step, Value rows) {
  std::optional<int64_t> known = getConstantIntValue(step);
  tile::StoreOp::create(builder, loc, tile, buffer, offsets, known ? Value() : step, rows, known.value_or(1));
}
Value TileArithmetic::splat(TypedAttr element, ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, element.getType());
  return arith::ConstantOp::create(builder, loc, type, DenseElementsAttr::get(type, Attribute(element)));
}
Value TileArithmetic::floats(double value, ArrayRef<int64_t> shape) {
  return splat(builder.getF32FloatAttr(static_cast<float>(value)), shape);
}
Value TileArithmetic::integers(int64_t value, ArrayRef<int64_t> shape, unsigned bits) {
  return splat(builder.getIntegerAttr(builder.getIntegerType(bits), value), shape);
}
Value TileArithmetic::iota(int64_t axis, ArrayRef<int64_t> shape, unsigned bits) {
  auto type = RankedTensorType::get(shape, builder.getIntegerType(bits));
  return tile::IotaOp::create(builder, loc, type, builder.getI64IntegerAttr(axis));
}

// ---- shapes
// --------------------------------------------------------------------------------------------------

Value TileArithmetic::reshape(Value tile, ArrayRef<int64_t> shape) {
  if (shapeOf(tile) == shape)
    return tile;
  return tile::ReshapeOp::create(builder, loc, withShape(tile, shape), tile);
}
Value TileArithmetic::column(Value tile, int64_t columns) {
  auto type = withShape(tile, {shapeOf(tile)[0], columns});
  return tile::BroadcastOp::create(builder, loc, type, tile, builder.getI64IntegerAttr(1));
}
Value TileArithmetic::row(Value tile, int64_t rows) {
  auto type = withShape(tile, {rows, shapeOf(tile)[0]});
  return tile::BroadcastOp::create(builder, loc, type, tile, builder.getI64IntegerAttr(0));
}
Value TileArithmetic::fill(Value source, ArrayRef<int64_t> shape) {
  if (!isa<RankedTensorType>(source.getType()))
    return tile::BroadcastOp::create(builder, loc, RankedTensorType::get(shape, source.getType()), source,
                                     IntegerAttr());
  if (shapeOf(source) == shape)
    return source;
  Value repeated = reshape(row(reshape(source, {1}), shape[0]), {shape[0]});
  return shape.size() == 1 ? repeated : column(repeated, shape[1]);
}
Value TileArithmetic::transpose(Value tile) {
  auto type = withShape(tile, {shapeOf(tile)[1], shapeOf(tile)[0]});
  return tile::TransposeOp::create(builder, loc, type, tile);
}
Value TileArithmetic::reduce(tile::Combine kind, Value tile, int64_t axis) {
  auto type = withShape(tile, {shapeOf(tile)[1 - axis]});
  return tile::ReduceOp::create(builder, loc, type, kind, tile, axis);
}
Value TileArithmetic::scan(tile::Combine kind, Value tile, int64_t axis) {
  return tile::ScanOp::create(builder, loc, tile.getType(), kind, tile, axis);
}

// ---- elementwise
// ---------------------------------------------------------------------------------------------

Value TileArithmetic::addF(Value a, Value b) { return arith::AddFOp::create(builder, loc, a, b); }
Value TileArithmetic::subF(Value a, Value b) { return arith::SubFOp::create(builder, loc, a, b); }
Value TileArithmetic::mulF(Value a, Value b) { return arith::MulFOp::create(builder, loc, a, b); }
Value TileArithmetic::divF(Value a, Value b) { return arith::DivFOp::create(builder, loc, a, b); }
Value TileArithmetic::maxF(Value a, Value b) { return arith::MaximumFOp::create(builder, loc, a, b); }
Value TileArithmetic::minF(Value a, Value b) { return arith::MinimumFOp::create(builder, loc, a, b); }
Value TileArithmetic::fma(Value a, Value b, Value c) { return math::FmaOp::create(builder, loc, a, b, c); }
Value TileArithmetic::exp(Value a) { return math::ExpOp::create(builder, loc, a); }
Value TileArithmetic::log(Value a) { return math::LogOp::create(builder, loc, a); }
Value TileArithmetic::addI(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }
Value TileArithmetic::subI(Value a, Value b) { return arith::SubIOp::create(builder, loc, a, b); }
Value TileArithmetic::mulI(Value a, Value b) { return arith::MulIOp::create(builder, loc, a, b); }
Value TileArithmetic::andI(Value a, Value b) { return arith::AndIOp::create(builder, loc, a, b); }
Value TileArithmetic::orI(Value a, Value b) { return arith::OrIOp::create(builder, loc, a, b); }
Value TileArithmetic::equal(Value a, Value b) {
  if (isa<FloatType>(getElementTypeOrSelf(a.getType())))
    return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, a, b);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, a, b);
}
Value TileArithmetic::less(Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, a, b);
}
Value TileArithmetic::lessOrEqual(Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sle, a, b);
}
Value TileArithmetic::widen(Value a, unsigned bits) {
  auto type = RankedTensorType::get(shapeOf(a), builder.getIntegerType(bits));
  return arith::ExtUIOp::create(builder, loc, type, a);
}
Value TileArithmetic::toFloat(Value a) {
  auto type = RankedTensorType::get(shapeOf(a), builder.getF32Type());
  return arith::SIToFPOp::create(builder, loc, type, a);
}
Value TileArithmetic::select(Value condition, Value whenTrue, Value whenFalse) {
  return arith::SelectOp::create(builder, loc, condition, whenTrue, whenFalse);
}
Value TileArithmetic::selectOrZero(Value condition, Value whenTrue) {
  Type element = getElementTypeOrSelf(whenTrue.getType());
  return select(condition, whenTrue, splat(cast<TypedAttr>(builder.getZeroAttr(element)), shapeOf(whenTrue)));
}

// ---- products
// ------------------------------------------------------------------------------------------------

Value TileArithmetic::dot(Value a, Value b, Value acc, bool transposeA, bool transposeB,
                          tile::Triangle triangle) {
  auto type = withShape(a, {shapeOf(a)[transposeA ? 1 : 0], shapeOf(b)[transposeB ? 0 : 1]});
  return tile::DotOp::create(builder, loc, type, a, b, acc, transposeA, transposeB, triangle);
}
Value TileArithmetic::stage(tile::Side side, Value tile) {
  return tile::StageOp::create(builder, loc, tile.getType(), side, tile);
}
