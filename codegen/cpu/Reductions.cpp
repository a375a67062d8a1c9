// Sinks that combine elements: reductions, running combinations and ordered additions to rows.
#include "codegen/cpu/VectorLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace rondo::codegen {

static RankedTensorType typeOf(Value tile) { return cast<RankedTensorType>(tile.getType()); }

// Halves against each other, so that the order depends on nothing else. A vector holds `rows` rows side by
// side, at first each its own; vectors of different rows are joined while they are halved.
Value VectorLowering::combineLanes(tile::Combine kind, SmallVector<Value> vectors) {
  auto type = dyn_cast<VectorType>(vectors.front().getType());
  int64_t rows = 1, width = type ? type.getDimSize(0) : 1; // of a row's part of a vector
  for (; width > 1; width /= 2) {
    SmallVector<int64_t> low, high;
    bool joins = vectors.size() > 1;
    int64_t parts = joins ? 2 * rows : rows;
    for (int64_t part = 0; part < parts; ++part) {
      for (int64_t lane = 0; lane < width / 2; ++lane) {
        low.push_back(part * width + lane);
        high.push_back(part * width + width / 2 + lane);
      }
    }
    SmallVector<Value> halved;
    for (size_t i = 0; i < vectors.size(); i += joins ? 2 : 1) {
      Value first = vectors[i], second = vectors[joins ? i + 1 : i];
      halved.push_back(combine(kind, vector::ShuffleOp::create(builder, loc, first, second, low),
                               vector::ShuffleOp::create(builder, loc, first, second, high)));
    }
    vectors = halved;
    rows = parts;
  }
  if (type && rows == 1)
    return vector::ExtractOp::create(builder, loc, vectors.front(), 0);
  return vectors.front();
}

// Columns [begin, begin + count) of a reduction along the rows.
void VectorLowering::reduceColumns(tile::ReduceOp reduce, const TileHome &home, Value begin, int64_t count,
                                   int64_t lanes) {
  Value source = reduce.getSource();
  RankedTensorType type = typeOf(source);
  SmallVector<TilePoint> points;
  for (int64_t at = 0; at < count; at += lanes)
    points.push_back({nullptr, access().add(begin, at), lanes, std::min(lanes, count - at)});
  Value none = access().splat(neutral(reduce.getKind(), type.getElementType()), lanes);
  auto rows = scf::ForOp::create(builder, loc, access().index(0), access().index(type.getDimSize(0)),
                                 access().index(1), SmallVector<Value>(points.size(), none));
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(rows.getBody());
    SmallVector<Value> next;
    for (auto [point, running] : llvm::zip(points, rows.getRegionIterArgs())) {
      TilePoint at{rows.getInductionVar(), point.column, point.lanes, point.count};
      next.push_back(combine(reduce.getKind(), running, emit(source, at)));
    }
    scf::YieldOp::create(builder, loc, next);
  }
  for (auto [point, sum] : llvm::zip(points, rows.getResults()))
    access().store(sum, home, point);
}

// Along `count` rows from `row` on, each a chain of its own; what `kept` gives a place is stored on the way.
void VectorLowering::reduceRows(tile::ReduceOp reduce, const TileHome &home, std::optional<TileHome> kept,
                                int64_t lanes, Value row, int64_t count) {
  Value source = reduce.getSource();
  RankedTensorType type = typeOf(source);
  tile::Combine kind = reduce.getKind();
  int64_t columns = type.getDimSize(1), whole = columns - columns % lanes;
  auto emitKept = [&](const TilePoint &point) {
    Value value = emit(source, point);
    if (kept)
      storeTo(*kept, value, point);
    return value;
  };
  Value none = access().splat(neutral(kind, type.getElementType()), lanes);
  auto sums = fold(0, whole, lanes, SmallVector<Value>(count, none), [&](Value column, ValueRange running) {
    SmallVector<Value> next;
    for (auto [i, before] : llvm::enumerate(running))
      next.push_back(combine(kind, before, emitKept(TilePoint{access().add(row, i), column, lanes, lanes})));
    return next;
  });
  for (int64_t i = 0; i < count && whole < columns; ++i) {
    TilePoint point{access().add(row, i), access().index(whole), lanes, columns - whole};
    Value rest = emitKept(point), valid = access().mask(columns - whole, lanes);
    sums[i] = combine(kind, sums[i], arith::SelectOp::create(builder, loc, valid, rest, none));
  }
  access().store(combineLanes(kind, sums), home, TilePoint{nullptr, row, count, count});
}

// Several rows at a time: their chains overlap, and they share the combination of lanes.
void VectorLowering::reduceRows(tile::ReduceOp reduce, const TileHome &home, std::optional<TileHome> kept,
                                int64_t lanes) {
  constexpr int64_t together = 4;
  int64_t rows = typeOf(reduce.getSource()).getDimSize(0);
  int64_t whole = lanes == kLanes ? rows - rows % together : 0;
  loop(0, whole, together, [&](Value row) { reduceRows(reduce, home, kept, lanes, row, together); });
  loop(whole, rows, 1, [&](Value row) { reduceRows(reduce, home, kept, lanes, row, 1); });
}

void VectorLowering::lowerReduce(tile::ReduceOp reduce) {
  Value source = reduce.getSource();
  RankedTensorType type = typeOf(source);
  // What a product's sums become on their way to memory is not done again here and by other readers.
  if (!homes.contains(source) && findFusibleDot(source, isDown(source)))
    materialise(source);
  prepare(source, nullptr);
  int64_t columns = type.getDimSize(1), lanes = legalLanes(source);
  std::optional<TileHome> kept;
  if (!homes.contains(source) && isExpensive(source) && !hasOneSink(source)) { // others need it too
    if (reduce.getAxis() == 1 && !isDown(source) && preferredPanel(source) % lanes == 0)
      kept = allocateFor(source);
    else
      materialise(source);
  }
  lanes = legalLanes(source);
  TileHome home = allocateFor(reduce.getTile());
  if (reduce.getAxis() == 1) {
    reduceRows(reduce, home, kept, lanes);
  } else {
    // Several columns of vectors at a time: each is a chain of its own.
    constexpr int64_t chains = 4;
    int64_t group = lanes == 1 ? 1 : chains * lanes, whole = columns - columns % group;
    loop(0, whole, group, [&](Value begin) { reduceColumns(reduce, home, begin, group, lanes); });
    for (int64_t rest = whole; rest < columns; rest += lanes)
      reduceColumns(reduce, home, access().index(rest), std::min(lanes, columns - rest), lanes);
  }
  if (kept)
    homes[source] = *kept;
  homes[reduce.getTile()] = home;
}

void VectorLowering::lowerScan(tile::ScanOp scan) {
  Value source = scan.getSource();
  RankedTensorType type = typeOf(source);
  tile::Combine kind = scan.getKind();
  prepare(source, nullptr);
  TileHome home = allocateFor(scan.getTile());
  int64_t columns = type.getShape().back();
  bool alongRow = static_cast<int64_t>(scan.getAxis()) == type.getRank() - 1;

  auto scanRow = [&](Value row) {
    Value initial = access().splat(neutral(kind, type.getElementType()), 1);
    fold(0, columns, 1, initial, [&](Value column, ValueRange running) -> SmallVector<Value> {
      TilePoint point{row, column, 1, 1};
      Value next = combine(kind, running[0], emit(source, point));
      access().store(next, home, point);
      return {next};
    });
  };
  if (alongRow && type.getRank() == 1) {
    scanRow(nullptr);
  } else if (alongRow) {
    loop(0, type.getDimSize(0), 1, scanRow);
  } else {
    int64_t lanes = home.panel ? std::gcd(legalLanes(source), home.panel) : legalLanes(source);
    forEachPoint({columns}, lanes, [&](const TilePoint &point) {
      Value initial = access().splat(neutral(kind, type.getElementType()), point.lanes);
      fold(0, type.getDimSize(0), 1, initial, [&](Value row, ValueRange running) -> SmallVector<Value> {
        TilePoint at{row, point.column, point.lanes, point.count};
        Value next = combine(kind, running[0], emit(source, at));
        access().store(next, home, at);
        return {next};
      });
    });
  }
  homes[scan.getTile()] = home;
}

void VectorLowering::lowerScatterAdd(tile::ScatterAddOp scatter) {
  Value source = scatter.getTile();
  TileHome buffer = prepareScatterAdd(scatter);
  RankedTensorType type = typeOf(source);
  loop(0, type.getDimSize(0), 1, [&](Value row) {
    Value target = emit(scatter.getRows(), TilePoint{nullptr, row, 1, 1});
    target = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), target);
    forEachPoint({type.getDimSize(1)}, legalLanes(source), [&](const TilePoint &point) {
      TilePoint from = point, to = point;
      from.row = row;
      to.row = target;
      addAt(buffer, to, emit(source, from));
    });
  });
}

// A row's elements lie apart in panels, a vector's lanes one by one.
void VectorLowering::addAt(const TileHome &home, const TilePoint &point, Value value) {
  auto addOne = [&](const TilePoint &at, Value part) {
    Value sum = arith::AddFOp::create(builder, loc, access().load(home, at), part);
    access().store(sum, home, at);
  };
  if (!home.transposed || point.lanes == 1)
    return addOne(point, value);
  for (int64_t lane = 0; lane < point.count; ++lane)
    addOne({point.row, access().add(point.column, lane), 1, 1},
           vector::ExtractOp::create(builder, loc, value, lane));
}

} // namespace rondo::codegen
