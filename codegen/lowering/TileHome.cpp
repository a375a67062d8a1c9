// Index arithmetic and vector accesses of tiles in memory.
#include "codegen/lowering/TileHome.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace rondo::codegen {

constexpr int64_t kScalarLanes = 4; // the narrowest vector that targets load under a mask

Value TileAccess::index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }

Value TileAccess::add(Value a, Value b) { return builder.createOrFold<arith::AddIOp>(loc, a, b); }

Value TileAccess::add(Value a, int64_t b) { return b == 0 ? a : add(a, index(b)); }

Value TileAccess::multiply(Value a, int64_t b) {
  return builder.createOrFold<arith::MulIOp>(loc, a, index(b));
}

Value TileAccess::divide(Value a, int64_t b) {
  return builder.createOrFold<arith::DivUIOp>(loc, a, index(b));
}

Value TileAccess::remainder(Value a, int64_t b) {
  return builder.createOrFold<arith::RemUIOp>(loc, a, index(b));
}

Type TileAccess::typeFor(Type element, int64_t lanes) {
  return lanes == 1 ? element : VectorType::get({lanes}, element);
}

Value TileAccess::splat(TypedAttr value, int64_t lanes) {
  if (lanes == 1)
    return arith::ConstantOp::create(builder, loc, value);
  auto type = VectorType::get({lanes}, value.getType());
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, Attribute(value)));
}

Value TileAccess::mask(int64_t count, int64_t lanes) {
  SmallVector<bool> bits(lanes);
  std::fill_n(bits.begin(), count, true);
  auto type = VectorType::get({lanes}, builder.getI1Type());
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, bits));
}

SmallVector<Value, 3> TileAccess::indices(const TileHome &home, Value row, Value column) {
  if (home.transposed)
    std::swap(row, column);
  if (row && home.step != 1)
    row = multiply(row, home.step);
  if (row && home.stride)
    row = builder.createOrFold<arith::MulIOp>(loc, row, home.stride);
  if (!home.offsets.empty()) {
    column = add(column, home.offsets.back());
    if (row)
      row = add(row, home.offsets.front());
  }
  if (!row)
    return {column};
  if (home.panel)
    return {divide(column, home.panel), row, remainder(column, home.panel)};
  return {row, column};
}

Value TileAccess::existing(const TileHome &home, const TilePoint &point, int64_t lanes) {
  Value within = point.count < lanes ? mask(point.count, lanes) : nullptr;
  if (!home.rows)
    return within;
  Value row =
      home.transposed ? point.column : point.row; // one for all lanes: they lie along the matrix's row
  Value exists = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, row, home.rows);
  Value all =
      vector::BroadcastOp::create(builder, loc, VectorType::get({lanes}, builder.getI1Type()), exists);
  return within ? arith::AndIOp::create(builder, loc, all, within).getResult() : all;
}

// A scalar that may not exist is a lane of a masked vector: no branch, and nothing is touched.
static int64_t accessLanes(const TileHome &home, const TilePoint &point) {
  return point.lanes == 1 && home.rows ? kScalarLanes : point.lanes;
}

Value TileAccess::load(const TileHome &home, const TilePoint &point) {
  SmallVector<Value, 3> at = indices(home, point.row, point.column);
  int64_t lanes = accessLanes(home, point);
  if (lanes == 1)
    return memref::LoadOp::create(builder, loc, home.memref, at);
  Type element = cast<MemRefType>(home.memref.getType()).getElementType();
  auto type = VectorType::get({lanes}, element);
  Value mask = existing(home, point, lanes);
  if (!mask)
    return vector::LoadOp::create(builder, loc, type, home.memref, at);
  Value zero = splat(cast<TypedAttr>(builder.getZeroAttr(element)), lanes);
  Value vector = vector::MaskedLoadOp::create(builder, loc, type, home.memref, at, mask, zero);
  return lanes == point.lanes ? vector : vector::ExtractOp::create(builder, loc, vector, 0).getResult();
}

void TileAccess::store(Value value, const TileHome &home, const TilePoint &point) {
  SmallVector<Value, 3> at = indices(home, point.row, point.column);
  int64_t lanes = accessLanes(home, point);
  if (lanes == 1) {
    memref::StoreOp::create(builder, loc, value, home.memref, at);
    return;
  }
  if (lanes != point.lanes)
    value = vector::BroadcastOp::create(builder, loc, VectorType::get({lanes}, value.getType()), value);
  if (Value mask = existing(home, point, lanes))
    vector::MaskedStoreOp::create(builder, loc, home.memref, at, mask, value);
  else
    vector::StoreOp::create(builder, loc, value, home.memref, at);
}

void TileAccess::storeFrom(int64_t first, Value value, const TileHome &home, const TilePoint &point) {
  if (first == 0)
    return store(value, home, point);
  SmallVector<bool> bits(point.lanes, true);
  std::fill_n(bits.begin(), first, false);
  auto type = VectorType::get({point.lanes}, builder.getI1Type());
  Value mask = arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, bits));
  vector::MaskedStoreOp::create(builder, loc, home.memref, indices(home, point.row, point.column), mask,
                                value);
}

void TileAccess::prefetch(const TileHome &home, const TilePoint &point, bool isWrite) {
  SmallVector<Value, 3> at = indices(home, point.row, point.column);
  memref::PrefetchOp::create(builder, loc, home.memref, at, isWrite, isWrite ? 3 : 2,
                             /*isDataCache=*/true);
}

Value TileAccess::loadScalar(const TileHome &home, Value row, Value column) {
  return load(home, TilePoint{row, column, 1, 1});
}

} // namespace rondo::codegen
