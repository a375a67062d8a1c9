// Which tiles are evaluated down their columns: those that end in buffers stored in panels, and carried ones
// that products read as transposed right operands. A product among them is computed with its operands
// exchanged, so that its vectors run along the lanes of the panels: no element is transposed on the way.
#include "codegen/cpu/VectorLowering.h"
#include "codegen/lowering/TileTraits.h"

using namespace mlir;

namespace rondo::codegen {
namespace {

bool isMatrix(Value tile) {
  auto type = dyn_cast<RankedTensorType>(tile.getType());
  return type && type.getRank() == 2;
}

// An evaluation in memory may run either way; what is read where it lies, or spread, has no say.
bool mayRunDown(Operation *op) {
  if (auto dot = dyn_cast<tile::DotOp>(op))
    return dot.getTriangle() == tile::Triangle::Full;
  return (isElementwise(op) && !op->hasTrait<OpTrait::ConstantLike>()) || isa<scf::ForOp, scf::IfOp>(op);
}

// The result of a loop or branch that an operand of its terminator becomes.
Value resultOf(OpOperand &yielded) {
  Operation *parent = yielded.getOwner()->getParentOp();
  return isa<scf::ForOp, scf::IfOp>(parent) ? parent->getResult(yielded.getOperandNumber()) : Value();
}

// Whether dots read the tile, staged or not, as transposed right operands and in no other way.
bool isReadTransposed(Value tile) {
  bool isRead = false;
  SmallVector<Value> worklist = {tile};
  while (!worklist.empty()) {
    for (OpOperand &use : worklist.pop_back_val().getUses()) {
      if (auto stage = dyn_cast<tile::StageOp>(use.getOwner()))
        worklist.push_back(stage.getTile());
      auto dot = dyn_cast<tile::DotOp>(use.getOwner());
      if (!dot || use.getOperandNumber() > 1)
        continue;
      if (use.getOperandNumber() == 0 || !dot.getTransposeB())
        return false;
      isRead = true;
    }
  }
  return isRead;
}

class Orientation {
public:
  Orientation(tile::KernelOp kernel, llvm::DenseSet<Value> &down) : down(down) {
    kernel.walk([&](Operation *op) {
      if (mayRunDown(op))
        for (Value result : op->getResults())
          if (isMatrix(result))
            candidates.push_back(result);
      if (auto loop = dyn_cast<scf::ForOp>(op))
        for (Value argument : loop.getRegionIterArgs())
          if (isMatrix(argument) && isReadTransposed(argument))
            pinned.insert(argument);
    });
  }

  // The largest set that agrees with the uses of its members. A pinned tile that its own loop also reads
  // along rows is let go.
  void run() {
    do {
      down.clear();
      down.insert(candidates.begin(), candidates.end());
      while (removeDisagreeing()) {
      }
    } while (releasePinned());
  }

private:
  Value carriedBy(Value result) {
    auto loop = result.getDefiningOp<scf::ForOp>();
    return loop ? loop.getTiedLoopRegionIterArg(cast<OpResult>(result)) : Value();
  }

  bool agrees(OpOperand &use) {
    Operation *user = use.getOwner();
    if (auto store = dyn_cast<tile::StoreOp>(user))
      return tile::getPanelWidth(store.getBuffer().getType()).has_value();
    if (isa<scf::YieldOp>(user)) {
      Value result = resultOf(use);
      return result && down.contains(result);
    }
    if (auto loop = dyn_cast<scf::ForOp>(user)) {
      Value result = loop.getTiedLoopResult(&use);
      return result && down.contains(result);
    }
    if (isa<tile::DotOp>(user) && use.getOperandNumber() < 2)
      return false;
    return mayRunDown(user) && down.contains(user->getResult(0));
  }

  bool agreesEverywhere(Value tile) {
    return !tile.use_empty() && llvm::all_of(tile.getUses(), [&](OpOperand &use) { return agrees(use); });
  }

  bool removeDisagreeing() {
    bool changed = false;
    for (Value tile : candidates) {
      if (!down.contains(tile))
        continue;
      Value argument = carriedBy(tile);
      if (argument && pinned.contains(argument))
        continue;
      // What a loop carries lies in one place inside and after it.
      bool stays = argument ? (argument.use_empty() || agreesEverywhere(argument)) &&
                                  (tile.use_empty() || agreesEverywhere(tile)) &&
                                  !(tile.use_empty() && argument.use_empty())
                            : agreesEverywhere(tile);
      if (!stays)
        changed |= down.erase(tile);
    }
    return changed;
  }

  bool releasePinned() {
    for (Value argument : pinned) {
      bool disagrees = llvm::any_of(argument.getUses(), [&](OpOperand &use) {
        return !isa<tile::DotOp, tile::StageOp>(use.getOwner()) && !agrees(use);
      });
      if (disagrees)
        return pinned.remove(argument);
    }
    return false;
  }

  llvm::DenseSet<Value> &down;
  SmallVector<Value> candidates;
  llvm::SmallSetVector<Value, 4> pinned;
};

} // namespace

void VectorLowering::findDownTiles() {
  Orientation(kernel, downTiles).run();
  for (Value tile : SmallVector<Value>(downTiles.begin(), downTiles.end()))
    if (auto loop = tile.getDefiningOp<scf::ForOp>())
      downTiles.insert(loop.getTiedLoopRegionIterArg(cast<OpResult>(tile)));
}

} // namespace rondo::codegen
