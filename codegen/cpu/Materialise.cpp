// Which tiles get a place in memory, and the evaluation of tiles into memory.
#include "codegen/cpu/KernelLowering.h"
#include "codegen/cpu/TileTraits.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace rondo::codegen {
namespace {

RankedTensorType typeOf(Value tile) { return cast<RankedTensorType>(tile.getType()); }

// Work per element, in vector instructions.
int64_t costOf(Operation *op) {
  if (isa<tile::RandomBitsOp>(op)) // ten rounds of four
    return 40;
  if (isa<math::MathDialect>(op->getDialect()))
    return isa<math::AbsFOp, math::FloorOp, math::CeilOp, math::FmaOp>(op) ? 1 : 8;
  if (isa<arith::DivFOp, arith::DivSIOp, arith::RemSIOp, arith::DivUIOp, arith::RemUIOp, tile::GatherOp>(op))
    return 4;
  return isa<tile::BroadcastOp, arith::ConstantOp, tile::StageOp>(op) ? 0 : 1;
}
constexpr int64_t kExpensive = 8;

} // namespace

// ---- facts about expressions
// ------------------------------------------------------------------------------------

// Calls `visit` on every op that asks for `tile` or for something deferred made of it, except through `root`.
static void forEachSink(Value tile, Value root, llvm::function_ref<void(Operation *)> visit) {
  SmallVector<Value> worklist = {tile};
  llvm::SmallPtrSet<Value, 16> seen;
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if (value == root || !seen.insert(value).second)
      continue;
    for (Operation *user : value.getUsers()) {
      if (isDeferred(user) && !isa<tile::DotOp>(user))
        worklist.push_back(user->getResult(0));
      else
        visit(user);
    }
  }
}

bool KernelLowering::hasOneSink(Value tile) {
  llvm::SmallPtrSet<Operation *, 4> sinks;
  forEachSink(tile, nullptr, [&](Operation *sink) { sinks.insert(sink); });
  return sinks.size() <= 1;
}

// Whether `part` is needed for `root` alone.
static bool servesOnly(Value part, Value root) {
  bool only = true;
  forEachSink(part, root, [&](Operation *) { only = false; });
  return only;
}

bool KernelLowering::isExpensive(Value tile) {
  int64_t cost = 0;
  SmallVector<Value> worklist = {tile};
  TileSet seen;
  while (!worklist.empty() && cost < kExpensive) {
    Value value = worklist.pop_back_val();
    if (!isa<RankedTensorType>(value.getType()) || homes.contains(value) || !seen.insert(value).second)
      continue;
    Operation *op = value.getDefiningOp();
    if (isa<tile::DotOp>(op))
      return true;
    cost += costOf(op);
    worklist.append(op->operand_begin(), op->operand_end());
  }
  return cost >= kExpensive;
}

tile::DotOp KernelLowering::findFusibleDot(Value tile, bool down) {
  llvm::SmallSetVector<Operation *, 4> inPlace, elsewhere;
  llvm::DenseSet<std::pair<Value, unsigned>> seen;
  SmallVector<std::pair<Value, unsigned>> worklist = {{tile, 1}};
  while (!worklist.empty()) {
    auto [value, same] = worklist.pop_back_val();
    if (!isa<RankedTensorType>(value.getType()) || homes.contains(value) ||
        !seen.insert({value, same}).second)
      continue;
    Operation *op = value.getDefiningOp();
    if (isa<tile::DotOp>(op)) {
      (same ? inPlace : elsewhere).insert(op);
      continue;
    }
    for (Value operand : op->getOperands())
      worklist.push_back({operand, same && keepsPlace(op) ? 1 : 0});
  }
  tile::DotOp last;
  for (Operation *op : inPlace) {
    Value result = op->getResult(0);
    if (elsewhere.contains(op) || isDown(result) != down || !servesOnly(result, tile))
      continue;
    if (!last || last->getBlock() != op->getBlock() || last->isBeforeInBlock(op))
      last = cast<tile::DotOp>(op);
  }
  // Register tiles end in whole vectors: what works on shorter ones, as a repeat of 12 columns does, cannot
  // follow.
  return last && legalLanes(tile, down) == kLanes ? last : nullptr;
}

// ---- homes
// ------------------------------------------------------------------------------------------------------

TileHome KernelLowering::allocate(ArrayRef<int64_t> shape, Type element, int64_t panel, bool down) {
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
int64_t KernelLowering::preferredPanel(ArrayRef<Value> tiles) {
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

TileHome KernelLowering::allocateFor(ArrayRef<Value> tiles) {
  RankedTensorType type = typeOf(tiles.front());
  bool down = isDown(tiles.front());
  int64_t panel = down ? blocking.panel : type.getRank() == 2 ? preferredPanel(tiles) : 0;
  return allocate(type.getShape(), type.getElementType(), panel, down);
}

TileHome KernelLowering::bufferHome(Value buffer, ValueRange offsets) {
  SmallVector<Value, 2> at;
  for (Value offset : offsets)
    at.push_back(scalar(offset));
  TileHome home{scalar(buffer), 0, at, false};
  if (std::optional<int64_t> panel = tile::getPanelWidth(cast<MemRefType>(buffer.getType()))) {
    home.panel = *panel; // of the matrix [k][n], whose transpose the buffer is
    home.transposed = true;
    std::reverse(home.offsets.begin(), home.offsets.end());
  }
  return home;
}

std::optional<TileHome> KernelLowering::findHome(Value tile) {
  if (auto home = homes.find(tile); home != homes.end())
    return home->second;
  if (auto load = tile.getDefiningOp<tile::LoadOp>(); load && !load.getRows())
    return accessHome(load);
  if (auto stage = tile.getDefiningOp<tile::StageOp>())
    return findHome(stage.getSource());
  return std::nullopt;
}

TileHome KernelLowering::materialise(Value tile) {
  if (auto home = homes.find(tile); home != homes.end())
    return home->second;
  tile::DotOp fused = findFusibleDot(tile, isDown(tile));
  // Register tiles store whole vectors, and panels of a left operand's rows are narrower.
  bool isNarrow = fused && !isDown(tile) && preferredPanel(tile) % kLanes != 0;
  TileHome home =
      isNarrow ? allocate(typeOf(tile).getShape(), typeOf(tile).getElementType(), 0) : allocateFor(tile);
  prepare(tile, fused);
  emitInto(tile, fused, home);
  return homes[tile] = home;
}

// ---- preparation
// ------------------------------------------------------------------------------------------------

void KernelLowering::prepare(Value tile, tile::DotOp fused) {
  TileSet visited;
  prepare(tile, fused, visited);
  if (fused)
    prepareDot(fused);
}

void KernelLowering::prepare(Value tile, tile::DotOp fused, TileSet &visited) {
  if (!isa<RankedTensorType>(tile.getType()) || homes.contains(tile) || !visited.insert(tile).second)
    return;
  Operation *op = tile.getDefiningOp();
  if (auto dot = dyn_cast<tile::DotOp>(op)) {
    if (dot != fused)
      materialise(tile);
    return;
  }
  // A vector that is spread over a tile is computed once, not per row.
  bool spreads = isa<tile::BroadcastOp, tile::RepeatOp, tile::GatherOp>(op);
  for (Value operand : op->getOperands()) {
    if (!isa<RankedTensorType>(operand.getType()) || homes.contains(operand))
      continue;
    Operation *definition = operand.getDefiningOp();
    bool isLeaf =
        isa<tile::LoadOp, tile::IotaOp>(definition) || definition->hasTrait<OpTrait::ConstantLike>();
    bool isShared = isElementwise(definition) && isExpensive(operand) && !hasOneSink(operand);
    if ((spreads && !isLeaf) || isShared)
      materialise(operand);
    else
      prepare(operand, fused, visited);
  }
}

// ---- evaluation
// -------------------------------------------------------------------------------------------------

void KernelLowering::evaluateInto(Value tile, const TileHome &destination) {
  if (auto home = homes.find(tile); home != homes.end()) {
    if (home->second.memref == destination.memref && home->second.offsets.empty() &&
        destination.offsets.empty())
      return; // carried unchanged
    TileHome from = home->second;
    saveReaders(destination.memref);
    return copy(tile, from, destination);
  }
  if (isExpensive(tile) && !hasOneSink(tile)) {
    materialise(tile);
    return evaluateInto(tile, destination);
  }
  tile::DotOp fused = findFusibleDot(tile, destination.transposed);
  prepare(tile, fused);
  if (readsElsewhere(tile, destination, fused)) {
    TileHome temporary = allocate(typeOf(tile).getShape(), typeOf(tile).getElementType(), destination.panel,
                                  destination.transposed);
    emitInto(tile, fused, temporary);
    saveReaders(destination.memref);
    return copy(tile, temporary, destination);
  }
  saveReaders(destination.memref);
  emitInto(tile, fused, destination);
}

void KernelLowering::emitInto(Value tile, tile::DotOp fused, const TileHome &destination) {
  if (fused)
    return emitDot(fused, tile, destination);
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

void KernelLowering::storeTo(const TileHome &destination, Value value, const TilePoint &point) {
  if (getElementTypeOrSelf(value.getType()).isInteger(1)) // kept as bytes
    value =
        arith::ExtUIOp::create(builder, loc, TileAccess::typeFor(builder.getI8Type(), point.lanes), value);
  access().store(value, destination, point);
}

void KernelLowering::copy(Value tile, const TileHome &from, const TileHome &to) {
  if (from.transposed != to.transposed)
    return emitInto(tile, nullptr, to);
  int64_t lanes = kLanes;
  for (int64_t panel : {from.panel, to.panel})
    lanes = panel ? std::gcd(lanes, panel) : lanes;
  forEachPointOf(to, typeOf(tile).getShape(), lanes,
                 [&](const TilePoint &point) { access().store(access().load(from, point), to, point); });
}

} // namespace rondo::codegen
