// Reductions, running combinations and ordered additions to rows, shared out among the threads of a block.
#include "codegen/nvptx/ThreadLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace rondo::codegen {

constexpr int64_t kWarp = 32;

static RankedTensorType typeOf(Value tile) { return cast<RankedTensorType>(tile.getType()); }

void ThreadLowering::lowerReduce(tile::ReduceOp reduce) {
  Value source = reduce.getSource();
  // What a product's sums become on their way to memory is not done again here and by other readers.
  if (!homes.contains(source) && findFusibleDot(source, false))
    materialise(source);
  prepare(source, nullptr);
  if (!homes.contains(source) && isExpensive(source) && !hasOneSink(source))
    materialise(source);
  TileHome home = allocateFor(ArrayRef<Value>(reduce.getTile()));
  if (reduce.getAxis() == 1)
    reduceRows(reduce, home);
  else
    reduceColumns(reduce, home);
  barrier();
  homes[reduce.getTile()] = home;
}

// A warp to a row: each thread combines every 32nd element, then the threads meet in five exchanges. Short
// rows take one thread each.
void ThreadLowering::reduceRows(tile::ReduceOp reduce, const TileHome &home) {
  Value source = reduce.getSource();
  RankedTensorType type = typeOf(source);
  tile::Combine kind = reduce.getKind();
  Type element = type.getElementType();
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
  auto along = [&](Value row, Value from, int64_t step) {
    Value none = arith::ConstantOp::create(builder, loc, neutral(kind, element));
    auto op = scf::ForOp::create(builder, loc, from, access().index(columns), access().index(step), none);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(op.getBody());
    Value next = combine(kind, op.getRegionIterArg(0), emit(source, {row, op.getInductionVar(), 1, 1}));
    scf::YieldOp::create(builder, loc, next);
    return op.getResult(0);
  };
  if (threads < kWarp || columns <= 8 || !element.isF32()) {
    share(rows, [&](Value row) { store(along(row, access().index(0), 1), home, {nullptr, row, 1, 1}); });
    return;
  }
  Value lane = access().remainder(thread, kWarp), warp = access().divide(thread, kWarp);
  loop(warp, access().index(rows), threads / kWarp, [&](Value row) {
    Value sum = along(row, lane, kWarp);
    for (int64_t distance = kWarp / 2; distance > 0; distance /= 2) {
      auto other = gpu::ShuffleOp::create(builder, loc, sum, distance, kWarp, gpu::ShuffleMode::XOR);
      sum = combine(kind, sum, other.getShuffleResult());
    }
    Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, lane, access().index(0));
    doIf(isFirst, [&] { store(sum, home, {nullptr, row, 1, 1}); });
  });
}

// A thread to a column: neighbours read neighbours.
void ThreadLowering::reduceColumns(tile::ReduceOp reduce, const TileHome &home) {
  Value source = reduce.getSource();
  RankedTensorType type = typeOf(source);
  tile::Combine kind = reduce.getKind();
  share(type.getDimSize(1), [&](Value column) {
    Value none = arith::ConstantOp::create(builder, loc, neutral(kind, type.getElementType()));
    auto sum = fold(0, type.getDimSize(0), 1, none, [&](Value row, ValueRange running) -> SmallVector<Value> {
      return {combine(kind, running[0], emit(source, {row, column, 1, 1}))};
    });
    store(sum[0], home, {nullptr, column, 1, 1});
  });
}

// A thread to a chain.
void ThreadLowering::lowerScan(tile::ScanOp scan) {
  Value source = scan.getSource();
  RankedTensorType type = typeOf(source);
  tile::Combine kind = scan.getKind();
  prepare(source, nullptr);
  TileHome home = allocateFor(ArrayRef<Value>(scan.getTile()));
  bool isVector = type.getRank() == 1, alongRow = static_cast<int64_t>(scan.getAxis()) == type.getRank() - 1;
  int64_t length = type.getDimSize(scan.getAxis()),
          chains = isVector ? 1 : type.getDimSize(1 - scan.getAxis());
  share(chains, [&](Value chain) {
    Value none = arith::ConstantOp::create(builder, loc, neutral(kind, type.getElementType()));
    fold(0, length, 1, none, [&](Value at, ValueRange running) -> SmallVector<Value> {
      TilePoint point{isVector ? Value() : alongRow ? chain : at, alongRow ? at : chain, 1, 1};
      Value next = combine(kind, running[0], emit(source, point));
      storeTo(home, next, point);
      return {next};
    });
  });
  barrier();
  homes[scan.getTile()] = home;
}

// A thread to a column, which takes the rows in order: equal indices add in theirs.
void ThreadLowering::lowerScatterAdd(tile::ScatterAddOp scatter) {
  Value source = scatter.getTile();
  TileHome buffer = prepareScatterAdd(scatter);
  RankedTensorType type = typeOf(source);
  share(type.getDimSize(1), [&](Value column) {
    loop(0, type.getDimSize(0), 1, [&](Value row) {
      Value target = emit(scatter.getRows(), TilePoint{nullptr, row, 1, 1});
      TilePoint to{arith::IndexCastOp::create(builder, loc, builder.getIndexType(), target), column, 1, 1};
      Value sum = arith::AddFOp::create(builder, loc, load(buffer, to), emit(source, {row, column, 1, 1}));
      store(sum, buffer, to);
    });
  });
  barrier();
}

} // namespace rondo::codegen
