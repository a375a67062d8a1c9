// Vectors of deferred tiles: the expression behind a tile, evaluated at one point of it.
#include "codegen/lowering/TileLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace rondo::codegen {
namespace {

RankedTensorType typeOf(Value tile) { return cast<RankedTensorType>(tile.getType()); }

Value broadcastTo(OpBuilder &builder, Location loc, Value scalar, int64_t lanes) {
  if (lanes == 1)
    return scalar;
  return vector::BroadcastOp::create(builder, loc, VectorType::get({lanes}, scalar.getType()), scalar);
}

} // namespace

Value TileLowering::emit(Value tile, const TilePoint &point, Vectors &done) {
  if (Value known = done.lookup(tile))
    return known;
  Value value;
  if (auto home = homes.find(tile); home != homes.end()) {
    value = load(home->second, point);
    if (typeOf(tile).getElementType().isInteger(1)) // kept as bytes
      value =
          arith::TruncIOp::create(builder, loc, TileAccess::typeFor(builder.getI1Type(), point.lanes), value);
  } else {
    value = emitNew(tile, point, done);
  }
  done[tile] = value;
  return value;
}

Value TileLowering::emitNew(Value tile, const TilePoint &point, Vectors &done) {
  return llvm::TypeSwitch<Operation *, Value>(tile.getDefiningOp())
      .Case<tile::LoadOp>([&](auto op) { return load(accessHome(op), point); })
      .Case<tile::GatherOp>([&](auto op) { return emitGather(op, point); })
      .Case<tile::StageOp>([&](auto op) { return emit(op.getSource(), point, done); })
      .Case<tile::BroadcastOp>([&](auto op) { return emitBroadcast(op, point); })
      .Case<tile::IotaOp>([&](auto op) { return emitIota(op, point); })
      .Case<tile::RepeatOp>([&](auto op) { return emitRepeat(op, point); })
      .Case<tile::RandomBitsOp>([&](auto op) { return emitRandomBits(op, point); })
      .Case<tile::RotatePairsOp>([&](auto op) { return emitRotatePairs(op, point, done); })
      .Case<tile::ReshapeOp>([&](auto op) { return emitReshape(op, point); })
      .Case<tile::TransposeOp>([&](auto op) {
        TilePoint source{point.column, point.row, point.lanes, point.count, !point.down && point.lanes > 1};
        return emit(op.getSource(), source);
      })
      .Case<arith::ConstantOp>([&](auto op) {
        return access().splat(cast<DenseElementsAttr>(op.getValue()).template getSplatValue<TypedAttr>(),
                              point.lanes);
      })
      .Default([&](Operation *op) { return emitElementwise(op, point, done); });
}

// Integer divisions trap on the zeros that fill masked lanes: those lanes divide by one.
static bool mayTrap(Operation *op) {
  return isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::FloorDivSIOp,
             arith::CeilDivSIOp, arith::CeilDivUIOp>(op);
}

Value TileLowering::emitElementwise(Operation *op, const TilePoint &point, Vectors &done) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(isa<RankedTensorType>(operand.getType()) ? emit(operand, point, done)
                                                                : scalar(operand));
  Type element = typeOf(op->getResult(0)).getElementType();
  if (mayTrap(op) && point.isMasked()) {
    Value one = access().splat(builder.getIntegerAttr(element, 1), point.lanes);
    Value valid = access().mask(point.count, point.lanes);
    operands[1] = arith::SelectOp::create(builder, loc, valid, operands[1], one);
  }
  OperationState state(loc, op->getName(), operands, TileAccess::typeFor(element, point.lanes),
                       op->getAttrs());
  return builder.create(state)->getResult(0);
}

Value TileLowering::emitBroadcast(tile::BroadcastOp op, const TilePoint &point) {
  if (!op.getAxis())
    return broadcastTo(builder, loc, scalar(op.getSource()), point.lanes);
  // Along the source a vector of it, across it one element in all lanes.
  Value place = *op.getAxis() == 1 ? point.row : point.column;
  if ((*op.getAxis() == 0) != point.down)
    return emit(op.getSource(), TilePoint{nullptr, place, point.lanes, point.count});
  return broadcastTo(builder, loc, emit(op.getSource(), TilePoint{nullptr, place, 1, 1}), point.lanes);
}

Value TileLowering::emitIota(tile::IotaOp op, const TilePoint &point) {
  RankedTensorType type = typeOf(op.getTile());
  Type element = type.getElementType();
  bool alongRow = static_cast<int64_t>(op.getAxis()) == type.getRank() - 1;
  Value start = alongRow ? point.column : point.row;
  bool changes = alongRow != point.down;
  start = arith::IndexCastOp::create(builder, loc, element, start);
  start = broadcastTo(builder, loc, start, point.lanes);
  if (!changes || point.lanes == 1)
    return start;
  SmallVector<Attribute> steps;
  for (int64_t lane = 0; lane < point.lanes; ++lane)
    steps.push_back(builder.getIntegerAttr(element, lane));
  auto vector = VectorType::get({point.lanes}, element);
  Value lanes = arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(vector, steps));
  return arith::AddIOp::create(builder, loc, start, lanes);
}

Value TileLowering::emitRepeat(tile::RepeatOp op, const TilePoint &point) {
  TilePoint source = point;
  source.column = access().remainder(point.column, typeOf(op.getSource()).getDimSize(1));
  return emit(op.getSource(), source);
}

// Interleaved pairs lie within a vector along a row and are swapped there. Halves are another vector of the
// same run; a single lane and a vector down a column find their partner by index in both cases.
Value TileLowering::emitRotatePairs(tile::RotatePairsOp op, const TilePoint &point, Vectors &done) {
  if (op.getPairs() == tile::Pairs::Interleaved && point.lanes > 1 && !point.down) {
    Value source = emit(op.getSource(), point, done);
    SmallVector<int64_t> swapped;
    SmallVector<float> signs;
    for (int64_t lane = 0; lane < point.lanes; ++lane) {
      swapped.push_back(lane ^ 1);
      signs.push_back(lane % 2 ? 1.0f : -1.0f);
    }
    Value partner = vector::ShuffleOp::create(builder, loc, source, source, swapped);
    auto attr = DenseElementsAttr::get(cast<VectorType>(source.getType()), ArrayRef(signs));
    return arith::MulFOp::create(builder, loc, partner, arith::ConstantOp::create(builder, loc, attr));
  }
  bool halves = op.getPairs() == tile::Pairs::Halves;
  int64_t width = halves ? op.getWidth() : 2, half = width / 2;
  Value within = access().remainder(point.column, width);
  Value isFirst =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, within, access().index(half));
  Value distance =
      arith::SelectOp::create(builder, loc, isFirst, access().index(half), access().index(-half));
  TilePoint partner = point;
  partner.column = access().add(point.column, distance);
  Value value = emit(op.getSource(), partner);
  Value negated = arith::NegFOp::create(builder, loc, value);
  return arith::SelectOp::create(builder, loc, isFirst, negated, value);
}

Value TileLowering::emitReshape(tile::ReshapeOp op, const TilePoint &point) {
  RankedTensorType from = typeOf(op.getSource()), to = typeOf(op.getTile());
  Value linear =
      point.row ? access().add(access().multiply(point.row, to.getDimSize(1)), point.column) : point.column;
  TilePoint source = point;
  source.row = from.getRank() == 2 ? access().divide(linear, from.getDimSize(1)) : nullptr;
  source.column = from.getRank() == 2 ? access().remainder(linear, from.getDimSize(1)) : linear;
  return emit(op.getSource(), source);
}

Value TileLowering::emitGather(tile::GatherOp op, const TilePoint &point) {
  Value row = emit(op.getRows(), TilePoint{nullptr, point.row, 1, 1});
  row = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), row);
  TilePoint source = point;
  source.row = row;
  Value zero = access().index(0);
  return load(bufferHome(op.getBuffer(), {zero, op.getColumn()}), source);
}

} // namespace rondo::codegen
