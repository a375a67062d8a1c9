// Prefetching of what the next iteration of a loop loads: its lines are asked for in front of the register
// tiles of the iteration's largest product, some per tile, so that memory works while the products compute.
#include "codegen/cpu/VectorLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace rondo::codegen {
namespace {

constexpr int64_t kLineElements = 16; // f32 values of a cache line

RankedTensorType typeOf(Value tile) { return cast<RankedTensorType>(tile.getType()); }

bool isBelow(Value value, scf::ForOp loop) {
  return loop->isProperAncestor(value.getParentRegion()->getParentOp()) ||
         value.getParentRegion() == &loop.getRegion();
}

// Computes index arithmetic of the loop's body again, with the values of `mapping` in place of its own.
Value recompute(OpBuilder &builder, scf::ForOp loop, Value value, IRMapping &mapping) {
  if (Value known = mapping.lookupOrNull(value))
    return known;
  if (!isBelow(value, loop))
    return value;
  Operation *op = value.getDefiningOp();
  if (!op || !isa<arith::ArithDialect>(op->getDialect()) || isa<RankedTensorType>(value.getType()))
    return nullptr;
  for (Value operand : op->getOperands()) {
    Value computed = recompute(builder, loop, operand, mapping);
    if (!computed)
      return nullptr;
    mapping.map(operand, computed);
  }
  return builder.clone(*op, mapping)->getResult(0);
}

bool dependsOn(Value value, Value induction, scf::ForOp loop) {
  if (value == induction)
    return true;
  Operation *op = value.getDefiningOp();
  return op && isBelow(value, loop) &&
         llvm::any_of(op->getOperands(), [&](Value operand) { return dependsOn(operand, induction, loop); });
}

} // namespace

// At the start of the lowered body: the homes of the next iteration's loads, kept for the product that asks
// for them.
void VectorLowering::planPrefetch(scf::ForOp loop, Value induction, Value end) {
  tile::DotOp largest;
  int64_t most = 0;
  for (auto dot : loop.getBody()->getOps<tile::DotOp>()) {
    RankedTensorType type = typeOf(dot.getResult());
    bool isThin = type.getDimSize(0) <= blocking.thinRows;
    bool isTriangle = dot.getTriangle() == tile::Triangle::LowerResult ||
                      dot.getTriangle() == tile::Triangle::UpperResult; // fewer register tiles
    if (isThin || isTriangle || type.getNumElements() <= most)
      continue;
    largest = dot;
    most = type.getNumElements();
  }
  if (!largest)
    return;
  Value next = access().add(induction, scalar(loop.getStep()));
  Value isInside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, next, end);
  next = arith::SelectOp::create(builder, loc, isInside, next, induction); // the last iteration has none
  IRMapping mapping = scalars;
  mapping.map(loop.getInductionVar(), next);
  for (auto load : loop.getBody()->getOps<tile::LoadOp>()) {
    RankedTensorType type = typeOf(load.getTile());
    bool moves = llvm::any_of(load.getOffsets(),
                              [&](Value offset) { return dependsOn(offset, loop.getInductionVar(), loop); });
    if (!moves || type.getRank() != 2)
      continue;
    SmallVector<Value, 2> offsets;
    for (Value offset : load.getOffsets())
      offsets.push_back(recompute(builder, loop, offset, mapping));
    if (!llvm::all_of(offsets, [](Value offset) { return offset != nullptr; }))
      continue;
    TileHome home = bufferHome(load.getBuffer(), offsets);
    home.step = load.getStep();
    home.stride = load.getStride() ? recompute(builder, loop, load.getStride(), mapping) : nullptr;
    if (load.getStride() && !home.stride)
      continue;
    ahead[largest].push_back({home, type.getDimSize(0), type.getDimSize(1)});
  }
}

// The share of the lines that falls to one register tile.
void VectorLowering::prefetchAhead(Product &product, const RegisterTile &tile) {
  auto found = ahead.find(product.dot);
  if (found == ahead.end() || product.startsFromPartial())
    return;
  int64_t groups = llvm::divideCeil(product.m, blocking.rows);
  int64_t tilesInAll = groups * llvm::divideCeil(product.n, blocking.panel);
  Value position =
      access().add(access().multiply(tile.panel, groups), access().divide(tile.row, blocking.rows));
  for (const Ahead &next : found->second) {
    bool down = next.home.transposed; // lines run down the columns
    int64_t length = down ? next.rows : next.columns, others = down ? next.columns : next.rows;
    int64_t linesEach = llvm::divideCeil(length, kLineElements);
    int64_t lines = others * linesEach, share = llvm::divideCeil(lines, tilesInAll);
    Value first = access().multiply(position, share);
    for (int64_t i = 0; i < share; ++i) {
      Value line = access().add(first, i);
      line = builder.createOrFold<arith::MinUIOp>(loc, line, access().index(lines - 1));
      Value begin = access().multiply(access().remainder(line, linesEach), kLineElements);
      Value other = access().divide(line, linesEach);
      access().prefetch(next.home, down ? TilePoint{begin, other, 1, 1} : TilePoint{other, begin, 1, 1},
                        /*isWrite=*/false);
    }
  }
}

} // namespace rondo::codegen
