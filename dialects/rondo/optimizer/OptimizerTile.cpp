// Kernels of the optimiser: streams over the storage of gradients, moments and parameters, bound by memory.
#include "dialects/rondo/OperandBytes.h"
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"
#include "dialects/rondo/optimizer/StorageTiles.h"

using namespace mlir;
using namespace rondo;

// Running sums of a square_sum, as many as hide the latency of an addition.
static constexpr int64_t kLanes = 256;

static void storeTile(KernelBuilder &kernel, Value tile, Value buffer, Value first) {
  tile::StoreOp::create(kernel.builder(), kernel.loc(), tile, buffer, ValueRange{first});
}

// ---- elementwise
// ---------------------------------------------------------------------------------------------

int64_t AccumulateOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }
bool AccumulateOp::worksOnStorage() { return true; }
SmallVector<int64_t> AccumulateOp::getGrid(const target::TileSizes &, int64_t) {
  return storageGrid(storageElements(getValue().getType()));
}

LogicalResult AccumulateOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  Value value = kernel.storage(getValue()), state = kernel.storage(getState(), /*written=*/true);
  forEachStorageTile(kernel, ids[0], storageElements(getValue().getType()), [&](Value first, int64_t size) {
    Value sum = tile.addF(tile.load(state, {first}, {size}), tile.load(value, {first}, {size}));
    storeTile(kernel, sum, state, first);
  });
  return success();
}

// The op itself has no type.
static Type stateType(ClearOptimizerStateOp op) {
  return SymbolTable::lookupNearestSymbolFrom<OptimizerStateOp>(op, op.getStateAttr()).getType();
}

Work ClearOptimizerStateOp::getWork() {
  return {.bytes = static_cast<double>(storageBytes(cast<RankedTensorType>(stateType(*this))))};
}

int64_t ClearOptimizerStateOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }
bool ClearOptimizerStateOp::worksOnStorage() { return true; }
SmallVector<int64_t> ClearOptimizerStateOp::getGrid(const target::TileSizes &, int64_t) {
  return storageGrid(storageElements(stateType(*this)));
}

LogicalResult ClearOptimizerStateOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  Value state = kernel.storage(getState(), /*written=*/true);
  forEachStorageTile(kernel, ids[0], storageElements(stateType(*this)), [&](Value first, int64_t size) {
    storeTile(kernel, tile.floats(0, {size}), state, first);
  });
  return success();
}

int64_t AddGradientsOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }
bool AddGradientsOp::worksOnStorage() { return true; }
SmallVector<int64_t> AddGradientsOp::getGrid(const target::TileSizes &, int64_t) {
  return storageGrid(storageElements(getSum().getType()));
}

LogicalResult AddGradientsOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  Value lhs = kernel.storage(getLhs()), rhs = kernel.storage(getRhs()), sum = kernel.storage(getSum());
  forEachStorageTile(kernel, ids[0], storageElements(getSum().getType()), [&](Value first, int64_t size) {
    storeTile(kernel, tile.addF(tile.load(lhs, {first}, {size}), tile.load(rhs, {first}, {size})), sum,
              first);
  });
  return success();
}

// ---- global norm
// ---------------------------------------------------------------------------------------------

// Elements of one partial sum, whole cache lines; the last part is shorter.
static int64_t partElements(SquareSumOp op) {
  int64_t parts = cast<RankedTensorType>(op.getSums().getType()).getDimSize(0);
  int64_t elements = storageElements(op.getGradient().getType());
  return llvm::alignTo(llvm::divideCeil(elements, parts), 16);
}

int64_t SquareSumOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }
bool SquareSumOp::worksOnStorage() { return true; }
SmallVector<int64_t> SquareSumOp::getGrid(const target::TileSizes &, int64_t) {
  return {cast<RankedTensorType>(getSums().getType()).getDimSize(0)};
}

// Each of kLanes sums takes every kLanes-th element; then they are added up.
static Value sumOfSquares(KernelBuilder &kernel, Value gradient, Value begin, int64_t elements) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  auto squares = [&](Value first, int64_t size, Value sum) {
    Value g = tile.load(gradient, {first}, {size});
    return tile.fma(g, g, sum);
  };
  auto total = [&](Value sums, int64_t size) {
    return tile.reduce(tile::Combine::Add, tile.reshape(sums, {1, size}), 1);
  };
  int64_t whole = elements / kLanes * kLanes;
  Value sum;
  if (whole > 0) {
    auto loop = scf::ForOp::create(kernel.builder(), kernel.loc(), tile.index(0), tile.index(whole),
                                   tile.index(kLanes), tile.floats(0, {kLanes}),
                                   [&](OpBuilder &builder, Location loc, Value offset, ValueRange carried) {
                                     Value next = squares(tile.add(begin, offset), kLanes, carried[0]);
                                     scf::YieldOp::create(builder, loc, next);
                                   });
    sum = total(loop.getResult(0), kLanes);
  }
  if (whole == elements)
    return sum;
  int64_t rest = elements - whole;
  Value tail = total(squares(tile.add(begin, tile.index(whole)), rest, tile.floats(0, {rest})), rest);
  return sum ? tile.addF(sum, tail) : tail;
}

LogicalResult SquareSumOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  Value gradient = kernel.storage(getGradient()), sums = kernel.storage(getSums());
  forTile(kernel.builder(), kernel.loc(), ids[0], storageElements(getGradient().getType()),
          partElements(*this), [&](Value begin, int64_t elements) {
            storeTile(kernel, sumOfSquares(kernel, gradient, begin, elements), sums, ids[0]);
          });
  return success();
}
