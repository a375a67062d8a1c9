// What must be saved before memory is overwritten: deferred tiles read memory later than where they stand.
#include "codegen/lowering/TileLowering.h"
#include "codegen/lowering/TileTraits.h"

using namespace mlir;

namespace rondo::codegen {

static bool isSameIndex(Value a, Value b) {
  std::optional<int64_t> constant = getConstantIntValue(a);
  return a == b || (constant && constant == getConstantIntValue(b));
}

static bool isSamePlace(const TileHome &a, const TileHome &b) {
  if (a.memref != b.memref || a.transposed != b.transposed || a.step != b.step || a.stride != b.stride ||
      a.offsets.size() != b.offsets.size())
    return false; // rows that do not exist are read by neither
  return llvm::all_of(llvm::zip(a.offsets, b.offsets),
                      [](auto pair) { return isSameIndex(std::get<0>(pair), std::get<1>(pair)); });
}

bool TileLowering::readsElsewhere(Value tile, const TileHome &destination, tile::DotOp fused) {
  SmallVector<std::pair<Value, unsigned>> worklist = {{tile, 1}};
  llvm::DenseSet<std::pair<Value, unsigned>> seen;
  if (fused && dotReads(fused, destination.memref)) // while the destination is being written
    return true;
  while (!worklist.empty()) {
    auto [value, same] = worklist.pop_back_val();
    if (!isa<RankedTensorType>(value.getType()) || !seen.insert({value, same}).second)
      continue;
    Operation *op = value.getDefiningOp();
    auto load = dyn_cast_or_null<tile::LoadOp>(op);
    if (load || homes.contains(value)) {
      TileHome home = homes.contains(value) ? homes.lookup(value) : accessHome(load);
      if (home.memref == destination.memref && !(same && isSamePlace(home, destination)))
        return true;
      continue;
    }
    if (auto gather = dyn_cast<tile::GatherOp>(op);
        gather && scalar(gather.getBuffer()) == destination.memref)
      return true;
    if (op == fused) {
      if (fused.getAcc())
        worklist.push_back({fused.getAcc(), same});
      continue;
    }
    for (Value operand : op->getOperands())
      worklist.push_back({operand, same && keepsPlace(op) ? 1 : 0});
  }
  return false;
}

bool TileLowering::readsMemory(Value tile, Value memref) {
  SmallVector<Value> worklist = {tile};
  TileSet seen;
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if (!isa<RankedTensorType>(value.getType()) || !seen.insert(value).second)
      continue;
    if (auto home = homes.find(value); home != homes.end()) {
      if (home->second.memref == memref)
        return true;
      continue;
    }
    if (packed.contains({value, 0}) || packed.contains({value, 1}))
      continue;
    for (Value operand : value.getDefiningOp()->getOperands()) {
      if (isa<MemRefType>(operand.getType()) && scalar(operand) == memref)
        return true;
      worklist.push_back(operand);
    }
  }
  return false;
}

// Whether the op of a use may run after the op that is being lowered. `tile` is what it uses.
bool TileLowering::mayRunLater(OpOperand &use, Value tile) {
  Operation *user = use.getOwner();
  for (Region *region = currentOp->getParentRegion(); region && region != tile.getParentRegion();
       region = region->getParentRegion())
    if (isa<scf::ForOp>(region->getParentOp()) && region->isAncestor(user->getParentRegion()))
      return true; // in the next iteration
  if (user == currentOp)
    return isa<scf::YieldOp>(user) && use.getOperandNumber() > currentOperand;
  for (Operation *here = currentOp; here; here = here->getParentOp()) {
    Operation *there = here->getBlock()->findAncestorOpInBlock(*user);
    if (!there)
      continue;
    return there == here ? here == currentOp : here->isBeforeInBlock(there);
  }
  return true;
}

bool TileLowering::isLive(Value tile) {
  for (OpOperand &use : tile.getUses()) {
    Operation *user = use.getOwner();
    bool isPending = isDeferred(user) && !homes.contains(user->getResult(0));
    if (isPending ? isLive(user->getResult(0)) : !isDeferred(user) && mayRunLater(use, tile))
      return true;
  }
  return false;
}

// Latest first: what is made of an earlier tile takes its value along.
void TileLowering::saveReaders(Value memref) {
  for (Value tile : llvm::reverse(tiles)) {
    if (!readsMemory(tile, memref) || !isLive(tile))
      continue;
    auto home = homes.find(tile);
    if (home == homes.end()) {
      materialise(tile);
      continue;
    }
    TileHome from = home->second;
    TileHome saved = allocateFor(tile);
    copy(tile, from, saved);
    homes[tile] = saved;
  }
}

TileHome TileLowering::prepareScatterAdd(tile::ScatterAddOp scatter) {
  TileHome buffer = bufferHome(scatter.getBuffer(), {scatter.getColumn(), scatter.getColumn()});
  buffer.offsets[buffer.transposed ? 1 : 0] = access().index(0); // rows come from the indices
  if (!findHome(scatter.getRows()))
    materialise(scatter.getRows());
  if (readsMemory(scatter.getTile(), buffer.memref))
    materialise(scatter.getTile());
  prepare(scatter.getTile(), nullptr);
  saveReaders(buffer.memref);
  return buffer;
}

} // namespace rondo::codegen
