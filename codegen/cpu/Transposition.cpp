// Tiles whose vectors run the other way than those of the place they go to: squares of vectors, transposed in
// registers.
#include "codegen/cpu/VectorLowering.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <numeric>

using namespace mlir;

namespace rondo::codegen {

static RankedTensorType typeOf(Value tile) { return cast<RankedTensorType>(tile.getType()); }

// At each stage, vectors that are `distance` apart exchange blocks of so many lanes.
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

bool VectorLowering::isTransposedInto(Value tile, const TileHome &destination) {
  RankedTensorType type = typeOf(tile);
  return type.getRank() == 2 && type.getElementType().isF32() && destination.panel % kLanes == 0 &&
         legalLanes(tile, destination.transposed) == 1 && legalLanes(tile, !destination.transposed) > 1;
}

// Squares of 16 x 16. `place` counts along the vectors of the destination, `line` along those of the tile.
void VectorLowering::transposeInto(Value tile, const TileHome &destination) {
  bool down = destination.transposed;
  int64_t places = typeOf(tile).getDimSize(down ? 0 : 1), lines = typeOf(tile).getDimSize(down ? 1 : 0);
  auto point = [&](Value place, Value line, int64_t count, bool isDown) {
    return TilePoint{down ? place : line, down ? line : place, kLanes, count, isDown};
  };
  auto square = [&](Value place, int64_t width, Value line, int64_t height) {
    SmallVector<Value> rows;
    for (int64_t i = 0; i < kLanes; ++i)
      rows.push_back(i < width ? emitWide(tile, point(access().add(place, i), line, height, !down))
                               : access().splat(builder.getF32FloatAttr(0), kLanes));
    transposeSquare(builder, loc, rows);
    for (int64_t i = 0; i < height; ++i)
      access().store(rows[i], destination, point(place, access().add(line, i), width, down));
  };
  auto strip = [&](Value place, int64_t width) {
    int64_t whole = lines - lines % kLanes;
    loop(0, whole, kLanes, [&](Value line) { square(place, width, line, kLanes); });
    if (whole < lines)
      square(place, width, access().index(whole), lines - whole);
  };
  int64_t whole = places - places % kLanes;
  loop(0, whole, kLanes, [&](Value place) { strip(place, kLanes); });
  if (whole < places)
    strip(access().index(whole), places - whole);
}

// A vector of kLanes of a tile whose parts may allow narrower ones only.
Value VectorLowering::emitWide(Value tile, const TilePoint &point) {
  int64_t lanes = std::min(legalLanes(tile, point.down), point.lanes);
  if (lanes == point.lanes)
    return emit(tile, point);
  Value wide =
      access().splat(cast<TypedAttr>(builder.getZeroAttr(typeOf(tile).getElementType())), point.lanes);
  for (int64_t lane = 0; lane < point.count; lane += lanes) {
    TilePoint narrow{point.down ? access().add(point.row, lane) : point.row,
                     point.down ? point.column : access().add(point.column, lane), lanes, lanes,
                     point.down && lanes > 1};
    Value part = emit(tile, narrow);
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
