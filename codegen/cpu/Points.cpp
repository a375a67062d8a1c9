// How wide the points of tiles are, which places they get, and the evaluation of tiles point by point.
#include "codegen/cpu/VectorLowering.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace rondo::codegen {
namespace {

RankedTensorType typeOf(Value tile) { return cast<RankedTensorType>(tile.getType()); }

// The largest power of two up to kLanes that divides `value`.
int64_t lanesDividing(int64_t value) { return std::gcd(value, kLanes); }

// Elements that stay side by side under another shape.
int64_t lanesOfReshape(tile::ReshapeOp op, bool down) {
  int64_t from = typeOf(op.getSource()).getShape().back(), to = typeOf(op.getTile()).getShape().back();
  if (from == to)
    return down && typeOf(op.getSource()).getRank() != typeOf(op.getTile()).getRank() ? 1 : kLanes;
  return down ? 1 : lanesDividing(std::gcd(from, to));
}

} // namespace

int64_t VectorLowering::legalLanes(Value tile, bool down) {
  if (auto home = homes.find(tile); home != homes.end()) {
    if (home->second.transposed != down)
      return 1;
    return home->second.panel ? lanesDividing(home->second.panel) : kLanes;
  }
  Operation *op = tile.getDefiningOp();
  int64_t lanes = kLanes;
  if (isa<tile::DotOp>(op)) // comes from whole registers, or will have a home
    return isDown(tile) == down ? lanes : 1;
  if (auto load = dyn_cast<tile::LoadOp>(op)) {
    std::optional<int64_t> panel = tile::getPanelWidth(load.getBuffer().getType());
    return panel.has_value() == down ? lanesDividing(panel.value_or(kLanes)) : 1;
  }
  if (auto gather = dyn_cast<tile::GatherOp>(op))
    return down || tile::getPanelWidth(gather.getBuffer().getType()) ? 1 : lanes;
  if (auto broadcast = dyn_cast<tile::BroadcastOp>(op)) {
    bool isAlong = broadcast.getAxis() && (*broadcast.getAxis() == 0) != down;
    return isAlong ? legalLanes(broadcast.getSource()) : lanes;
  }
  if (auto transpose = dyn_cast<tile::TransposeOp>(op))
    return legalLanes(transpose.getSource(), !down);
  if (auto reshape = dyn_cast<tile::ReshapeOp>(op))
    lanes = lanesOfReshape(reshape, down);
  if (auto repeat = dyn_cast<tile::RepeatOp>(op); repeat && !down)
    lanes = lanesDividing(typeOf(repeat.getSource()).getDimSize(1));
  if (auto rotate = dyn_cast<tile::RotatePairsOp>(op); rotate && !down)
    lanes =
        lanesDividing(rotate.getPairs() == tile::Pairs::Halves ? rotate.getWidth() / 2 : rotate.getWidth());
  for (Value operand : op->getOperands())
    if (auto type = dyn_cast<RankedTensorType>(operand.getType()))
      lanes = std::min(lanes, legalLanes(operand, down && type.getRank() == 2));
  return lanes;
}

// Register tiles end in whole vectors: what works on shorter ones, as a repeat of 12 columns does, cannot
// follow.
bool VectorLowering::canFollowDot(Value tile, bool down) { return legalLanes(tile, down) == kLanes; }

bool VectorLowering::keepsPlace(Operation *op) const {
  if (auto rotate = dyn_cast<tile::RotatePairsOp>(op))
    return rotate.getPairs() == tile::Pairs::Interleaved;
  return TileLowering::keepsPlace(op);
}

TileHome VectorLowering::allocate(ArrayRef<int64_t> shape, Type element, int64_t panel, bool down) {
  if (element.isInteger(1)) // kept as bytes
    element = builder.getI8Type();
  SmallVector<int64_t> extents(shape);
  if (down)
    std::swap(extents[0], extents[1]);
  if (panel)
    extents = {llvm::divideCeilSigned(extents[1], panel), extents[0], panel};
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(entry);
  auto type = MemRefType::get(extents, element);
  return TileHome{
      memref::AllocaOp::create(builder, loc, type, builder.getI64IntegerAttr(64)), panel, {}, down};
}

// Dots read right operands in panels of a register tile's columns, transposed left ones in panels of its
// rows; an untransposed left operand is read along its rows.
int64_t VectorLowering::preferredPanel(ArrayRef<Value> tiles) {
  bool lhs = false, lhsTransposed = false, rhs = false, rhsTransposed = false;
  SmallVector<Value> worklist(tiles);
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    for (OpOperand &use : value.getUses()) {
      if (auto stage = dyn_cast<tile::StageOp>(use.getOwner()))
        worklist.push_back(stage.getTile());
      auto dot = dyn_cast<tile::DotOp>(use.getOwner());
      if (!dot || use.getOperandNumber() > 1)
        continue;
      DotSides sides = sidesOf(dot);
      bool isLhs = (use.getOperandNumber() == 0) != isDown(dot.getResult());
      lhs |= isLhs && !sides.lhsTransposed;
      lhsTransposed |= isLhs && sides.lhsTransposed;
      rhs |= !isLhs && !sides.rhsTransposed;
      rhsTransposed |= !isLhs && sides.rhsTransposed;
    }
  }
  if (lhs || rhsTransposed)
    return 0;
  return rhs ? blocking.panel : lhsTransposed ? blocking.rows : 0;
}

TileHome VectorLowering::allocateFor(ArrayRef<Value> tiles) {
  RankedTensorType type = typeOf(tiles.front());
  bool down = isDown(tiles.front());
  int64_t panel = down ? blocking.panel : type.getRank() == 2 ? preferredPanel(tiles) : 0;
  return allocate(type.getShape(), type.getElementType(), panel, down);
}

TileHome VectorLowering::allocateFor(Value tile, tile::DotOp fused) {
  // Register tiles store whole vectors, and panels of a left operand's rows are narrower.
  bool isNarrow = fused && !isDown(tile) && preferredPanel(tile) % kLanes != 0;
  return isNarrow ? allocate(typeOf(tile).getShape(), typeOf(tile).getElementType()) : allocateFor(tile);
}

void VectorLowering::emitPoints(Value tile, const TileHome &destination) {
  if (isTransposedInto(tile, destination))
    return transposeInto(tile, destination);
  int64_t lanes = legalLanes(tile, destination.transposed);
  if (destination.panel)
    lanes = std::gcd(lanes, destination.panel);
  forEachPointOf(destination, typeOf(tile).getShape(), lanes, [&](const TilePoint &point) {
    Value value = emit(tile, point);
    storeTo(destination, value, point);
  });
}

void VectorLowering::copy(Value tile, const TileHome &from, const TileHome &to) {
  if (from.transposed != to.transposed)
    return emitPoints(tile, to);
  int64_t lanes = kLanes;
  for (int64_t panel : {from.panel, to.panel})
    lanes = panel ? std::gcd(lanes, panel) : lanes;
  forEachPointOf(to, typeOf(tile).getShape(), lanes,
                 [&](const TilePoint &point) { access().store(load(from, point), to, point); });
}

} // namespace rondo::codegen
