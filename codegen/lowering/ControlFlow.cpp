// Loops and branches of a kernel: carried tiles live in scratch and are updated there.
#include "codegen/lowering/TileLowering.h"
#include "codegen/lowering/TileTraits.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace rondo::codegen {

static bool isTile(Value value) { return isa<RankedTensorType>(value.getType()); }

// Before a region: what it overwrites is saved for those who read it, and what it would compute again in
// every iteration is computed now.
void TileLowering::enterRegion(Operation *op) {
  currentOp = op;
  llvm::SmallSetVector<Value, 4> written;
  op->walk([&](Operation *inner) {
    if (auto store = dyn_cast<tile::StoreOp>(inner))
      written.insert(scalar(store.getBuffer()));
    if (auto scatter = dyn_cast<tile::ScatterAddOp>(inner))
      written.insert(scalar(scatter.getBuffer()));
  });
  for (Value buffer : written)
    saveReaders(buffer);
  if (!isa<scf::ForOp>(op))
    return;
  for (Value tile : SmallVector<Value>(tiles)) {
    bool isUsed = false, isOperand = false;
    for (Operation *user : tile.getUsers()) {
      bool isInside = op->isProperAncestor(user);
      isUsed |= isInside;
      isOperand |= isInside && isa<tile::DotOp, tile::StageOp>(user);
    }
    bool isPacked = packed.contains({tile, 0}) || packed.contains({tile, 1});
    if (isUsed && !homes.contains(tile) && !isPacked && (isExpensive(tile) || (isOperand && !findHome(tile))))
      materialise(tile);
  }
}

// The tiles that a region's terminator hands on, one after the other into their homes.
void TileLowering::lowerYields(scf::YieldOp yield, ArrayRef<TileHome> into) {
  const TileHome *home = into.begin();
  for (OpOperand &operand : yield->getOpOperands()) {
    if (!isTile(operand.get()))
      continue;
    currentOp = yield;
    currentOperand = operand.getOperandNumber();
    evaluateInto(operand.get(), *home++);
  }
}

static SmallVector<Value> scalarsOf(ValueRange values, const IRMapping &map) {
  SmallVector<Value> mapped;
  for (Value value : values)
    if (!isTile(value))
      mapped.push_back(map.lookupOrDefault(value));
  return mapped;
}

void TileLowering::lowerFor(scf::ForOp op) {
  SmallVector<TileHome> carried;
  for (auto [argument, result, init] : llvm::zip(op.getRegionIterArgs(), op.getResults(), op.getInitArgs())) {
    if (!isTile(argument))
      continue;
    carried.push_back(allocateFor({argument, result}));
    currentOp = op;
    evaluateInto(init, carried.back());
  }
  enterRegion(op);
  auto outerHomes = homes;
  auto outerPacked = packed;
  size_t outerTiles = tiles.size();

  auto lowered = scf::ForOp::create(builder, loc, scalar(op.getLowerBound()), scalar(op.getUpperBound()),
                                    scalar(op.getStep()), scalarsOf(op.getInitArgs(), scalars));
  OpBuilder::InsertionGuard guard(builder);
  if (lowered.getNumResults() == 0)
    lowered.getBody()->getTerminator()->erase();
  builder.setInsertionPointToEnd(lowered.getBody());
  scalars.map(op.getInductionVar(), lowered.getInductionVar());
  const TileHome *home = carried.begin();
  auto scalarArgument = lowered.getRegionIterArgs().begin();
  for (BlockArgument argument : op.getRegionIterArgs()) {
    if (isTile(argument)) {
      homes[argument] = *home++;
      tiles.push_back(argument);
    } else {
      scalars.map(argument, *scalarArgument++);
    }
  }
  enterLoop(op, lowered.getInductionVar(), lowered.getUpperBound());
  lowerBlock(*op.getBody());
  auto yield = cast<scf::YieldOp>(op.getBody()->getTerminator());
  lowerYields(yield, carried);
  scf::YieldOp::create(builder, loc, scalarsOf(yield.getOperands(), scalars));

  homes = outerHomes;
  packed = outerPacked;
  tiles.resize(outerTiles);
  home = carried.begin();
  auto scalarResult = lowered.getResults().begin();
  for (Value result : op.getResults()) {
    if (isTile(result))
      homes[result] = *home++;
    else
      scalars.map(result, *scalarResult++);
  }
}

void TileLowering::lowerIf(scf::IfOp op) {
  SmallVector<TileHome> results;
  for (Value result : op.getResults())
    if (isTile(result))
      results.push_back(allocateFor(result));
  enterRegion(op);
  SmallVector<Type> scalarTypes;
  for (Value result : op.getResults())
    if (!isTile(result))
      scalarTypes.push_back(result.getType());
  auto lowered =
      scf::IfOp::create(builder, loc, scalarTypes, scalar(op.getCondition()), /*addThenBlock=*/true,
                        /*addElseBlock=*/!op.getElseRegion().empty());
  for (auto [from, to] : llvm::zip(op->getRegions(), lowered->getRegions())) {
    if (from.empty())
      continue;
    auto outerHomes = homes;
    auto outerPacked = packed;
    size_t outerTiles = tiles.size();
    OpBuilder::InsertionGuard guard(builder);
    Block &block = to.front();
    if (!block.empty())
      block.back().erase();
    builder.setInsertionPointToEnd(&block);
    lowerBlock(from.front());
    auto yield = cast<scf::YieldOp>(from.front().getTerminator());
    lowerYields(yield, results);
    scf::YieldOp::create(builder, loc, scalarsOf(yield.getOperands(), scalars));
    homes = outerHomes;
    packed = outerPacked;
    tiles.resize(outerTiles);
  }
  const TileHome *home = results.begin();
  auto scalarResult = lowered.getResults().begin();
  for (Value result : op.getResults()) {
    if (isTile(result))
      homes[result] = *home++;
    else
      scalars.map(result, *scalarResult++);
  }
}

} // namespace rondo::codegen
