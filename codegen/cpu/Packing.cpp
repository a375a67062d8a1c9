// Copies of operands in the form in which register tiles read them.
#include "codegen/cpu/VectorLowering.h"
#include "codegen/lowering/TileTraits.h"

using namespace mlir;

namespace rondo::codegen {

static RankedTensorType typeOf(Value tile) { return cast<RankedTensorType>(tile.getType()); }

// A stage copies where the copy pays: operands that give vectors and do not lie in panels yet, transposed
// ones that give scalars.
void VectorLowering::lowerStage(tile::StageOp stage) {
  Value tile = stage.getTile(), source = stage.getSource();
  tiles.push_back(tile);
  std::optional<TileHome> home = findHome(source);
  for (OpOperand &use : tile.getUses()) {
    auto dot = dyn_cast<tile::DotOp>(use.getOwner());
    if (!dot || use.getOperandNumber() != static_cast<unsigned>(stage.getSide()))
      continue;
    DotSides sides = sidesOf(dot);
    if (sides.rhs == tile) {
      bool liesInPanels =
          home && home->panel % kLanes == 0 && home->panel && home->transposed == sides.rhsTransposed;
      if (!liesInPanels)
        packedRhs(tile, sides.rhsTransposed);
    } else if (!home || (!homes.contains(source) && preferredPanel(tile))) {
      materialise(tile);
    }
  }
}

TileHome VectorLowering::packedRhs(Value tile, bool transposed) {
  std::pair<Value, unsigned> key(tile, transposed);
  if (auto home = packed.find(key); home != packed.end())
    return home->second;
  RankedTensorType type = typeOf(tile);
  SmallVector<int64_t> shape(type.getShape());
  if (transposed)
    std::swap(shape[0], shape[1]);
  TileHome panels = allocate(shape, type.getElementType(), blocking.panel);
  TileHome destination = transposed ? panels.transpose() : panels;
  tile::DotOp fused = findFusibleDot(tile, destination.transposed);
  prepare(tile, fused);
  emitInto(tile, fused, destination);
  return packed[key] = panels;
}

} // namespace rondo::codegen
