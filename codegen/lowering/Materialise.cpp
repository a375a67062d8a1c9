// Which tiles get a place in memory, and the evaluation of tiles into memory.
#include "codegen/lowering/TileLowering.h"
#include "codegen/lowering/TileTraits.h"

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

bool TileLowering::hasOneSink(Value tile) {
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

bool TileLowering::isExpensive(Value tile) {
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

tile::DotOp TileLowering::findFusibleDot(Value tile, bool down) {
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
  return last && canFollowDot(tile, down) ? last : nullptr;
}

// ---- homes
// ------------------------------------------------------------------------------------------------------

TileHome TileLowering::bufferHome(Value buffer, ValueRange offsets) {
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

std::optional<TileHome> TileLowering::findHome(Value tile) {
  if (auto home = homes.find(tile); home != homes.end())
    return home->second;
  if (auto load = tile.getDefiningOp<tile::LoadOp>(); load && !load.getRows())
    return accessHome(load);
  if (auto stage = tile.getDefiningOp<tile::StageOp>())
    return findHome(stage.getSource());
  return std::nullopt;
}

TileHome TileLowering::materialise(Value tile) {
  if (auto home = homes.find(tile); home != homes.end())
    return home->second;
  tile::DotOp fused = findFusibleDot(tile, isDown(tile));
  TileHome home = allocateFor(tile, fused);
  prepare(tile, fused);
  emitInto(tile, fused, home);
  return homes[tile] = home;
}

// ---- preparation
// ------------------------------------------------------------------------------------------------

void TileLowering::prepare(Value tile, tile::DotOp fused) {
  TileSet visited;
  prepare(tile, fused, visited);
  if (fused)
    prepareDot(fused);
}

void TileLowering::prepare(Value tile, tile::DotOp fused, TileSet &visited) {
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

void TileLowering::evaluateInto(Value tile, const TileHome &destination) {
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

void TileLowering::emitInto(Value tile, tile::DotOp fused, const TileHome &destination) {
  if (fused)
    return emitDot(fused, tile, destination);
  emitPoints(tile, destination);
}

void TileLowering::storeTo(const TileHome &destination, Value value, const TilePoint &point) {
  if (getElementTypeOrSelf(value.getType()).isInteger(1)) // kept as bytes
    value =
        arith::ExtUIOp::create(builder, loc, TileAccess::typeFor(builder.getI8Type(), point.lanes), value);
  store(value, destination, point);
}

} // namespace rondo::codegen
