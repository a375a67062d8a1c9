// Copies of operands in the form in which register tiles read them.
#include "codegen/cpu/KernelLowering.h"
#include "codegen/cpu/TileTraits.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <numeric>

using namespace mlir;

namespace rondo::codegen {

static RankedTensorType typeOf(Value tile) { return cast<RankedTensorType>(tile.getType()); }

// A stage copies where the copy pays: right operands that do not lie in panels yet, transposed left operands.
void KernelLowering::lowerStage(tile::StageOp stage) {
  Value tile = stage.getTile(), source = stage.getSource();
  tiles.push_back(tile);
  std::optional<TileHome> home = findHome(source);
  if (stage.getSide() == tile::Side::Lhs) {
    if (!home || (!homes.contains(source) && preferredPanel(tile)))
      materialise(tile);
    return;
  }
  for (OpOperand &use : tile.getUses()) {
    auto dot = dyn_cast<tile::DotOp>(use.getOwner());
    if (!dot || use.getOperandNumber() != 1)
      continue;
    bool liesInPanels =
        home && home->panel % kLanes == 0 && home->panel && home->transposed == dot.getTransposeB();
    if (!liesInPanels)
      packedRhs(tile, dot.getTransposeB());
  }
}

TileHome KernelLowering::packedRhs(Value tile, bool transposed) {
  std::pair<Value, unsigned> key(tile, transposed);
  if (auto home = packed.find(key); home != packed.end())
    return home->second;
  RankedTensorType type = typeOf(tile);
  SmallVector<int64_t> shape(type.getShape());
  if (transposed)
    std::swap(shape[0], shape[1]);
  TileHome panels = allocate(shape, type.getElementType(), blocking.panel);
  tile::DotOp fused = transposed ? nullptr : findFusibleDot(tile);
  prepare(tile, fused);
  if (transposed)
    packTransposed(tile, panels);
  else
    emitInto(tile, fused, panels);
  return packed[key] = panels;
}

// A square of vectors: at each stage, rows that are `distance` apart exchange blocks of so many lanes.
static void transposeSquare(OpBuilder &builder, Location loc, MutableArrayRef<Value> rows) {
  for (int64_t distance = kLanes / 2; distance >= 1; distance /= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      bool isSecond = lane & distance;
      low.push_back(isSecond ? kLanes + lane - distance : lane);
      high.push_back(isSecond ? kLanes + lane : lane + distance);
    }
    for (int64_t row = 0; row < kLanes; ++row) {
      if (row & distance)
        continue;
      Value first = rows[row], second = rows[row + distance];
      rows[row] = vector::ShuffleOp::create(builder, loc, first, second, low);
      rows[row + distance] = vector::ShuffleOp::create(builder, loc, first, second, high);
    }
  }
}

// Squares of 16 x 16; those at the edges are filled with zeros.
void KernelLowering::packTransposed(Value tile, const TileHome &panels) {
  int64_t columns = typeOf(tile).getDimSize(0), depth = typeOf(tile).getDimSize(1);
  auto square = [&](Value column, int64_t width, Value k, int64_t height) {
    SmallVector<Value> rows;
    for (int64_t i = 0; i < kLanes; ++i)
      rows.push_back(i < width ? emitWide(tile, TilePoint{access().add(column, i), k, kLanes, height})
                               : access().splat(builder.getF32FloatAttr(0), kLanes));
    transposeSquare(builder, loc, rows);
    for (int64_t i = 0; i < height; ++i)
      access().store(rows[i], panels, TilePoint{access().add(k, i), column, kLanes, kLanes});
  };
  auto strip = [&](Value column, int64_t width) {
    int64_t whole = depth - depth % kLanes;
    loop(0, whole, kLanes, [&](Value k) { square(column, width, k, kLanes); });
    if (whole < depth)
      square(column, width, access().index(whole), depth - whole);
  };
  int64_t whole = columns - columns % kLanes;
  loop(0, whole, kLanes, [&](Value column) { strip(column, kLanes); });
  if (whole < columns)
    strip(access().index(whole), columns - whole);
}

// A vector of kLanes of a tile whose parts may allow narrower ones only.
Value KernelLowering::emitWide(Value tile, const TilePoint &point) {
  int64_t lanes = std::min(legalLanes(tile), point.lanes);
  if (lanes == point.lanes)
    return emit(tile, point);
  Value wide =
      access().splat(cast<TypedAttr>(builder.getZeroAttr(typeOf(tile).getElementType())), point.lanes);
  for (int64_t lane = 0; lane < point.count; lane += lanes) {
    Value part = emit(tile, TilePoint{point.row, access().add(point.column, lane), lanes, lanes});
    if (lanes == 1) {
      wide = vector::InsertOp::create(builder, loc, part, wide, lane);
      continue;
    }
    SmallVector<int64_t> widened(point.lanes, 0);
    auto placed = llvm::to_vector(llvm::seq<int64_t>(0, point.lanes));
    std::iota(widened.begin(), widened.begin() + lanes, 0);
    std::iota(placed.begin() + lane, placed.begin() + lane + lanes, point.lanes);
    part = vector::ShuffleOp::create(builder, loc, part, part, widened);
    wide = vector::ShuffleOp::create(builder, loc, wide, part, placed);
  }
  return wide;
}

} // namespace rondo::codegen
