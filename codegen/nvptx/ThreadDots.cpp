// Products: slices of both operands in shared memory, sums in the registers of threads.
//
// A region of the result belongs to the whole block: thread (r, c) of R x C has rows r, r + R, ... and
// columns c, c + C, ..., so that neighbours read neighbours of the right slice and write neighbours of the
// result. Each sum is one chain of fused multiply-adds in ascending k that starts from the dot's acc, as on
// the CPU.
#include "codegen/nvptx/ThreadLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;

namespace rondo::codegen {

static RankedTensorType typeOf(Value tile) { return cast<RankedTensorType>(tile.getType()); }

constexpr int64_t kDepth = 16;   // steps of k in one slice
constexpr int64_t kUnrolled = 4; // of these side by side in the code

struct ThreadLowering::Product {
  tile::DotOp dot = nullptr;
  Value result = nullptr; // what the sink wants: an expression around the dot's result
  TileHome destination = {};
  int64_t m = 0, n = 0, k = 0;
  int64_t depth = 0;                         // of a slice
  int64_t threadRows = 1, threadColumns = 1; // R and C
  int64_t rows = 1, columns = 1;             // of one thread
  TileHome lhs = {}, rhs = {}; // slices [depth][region's rows or columns, and one so that banks differ]
  Value firstRow = nullptr, firstColumn = nullptr; // of the region at hand
  Value threadRow = nullptr, threadColumn = nullptr;

  int64_t regionRows() const { return threadRows * rows; }
  int64_t regionColumns() const { return threadColumns * columns; }
  bool hasTriangularLhs() const {
    return triangle() == tile::Triangle::LowerLhs || triangle() == tile::Triangle::UpperLhs;
  }
  bool hasTriangularResult() const {
    return triangle() == tile::Triangle::LowerResult || triangle() == tile::Triangle::UpperResult;
  }
  bool isLower() const {
    return triangle() == tile::Triangle::LowerResult || triangle() == tile::Triangle::LowerLhs;
  }
  tile::Triangle triangle() const { return tile::DotOp(dot).getTriangle(); }

  // The largest shares of a thread, up to 8 x 8, for which no thread of the block stays idle.
  void divide(int64_t threads) {
    for (int64_t columnShare : {1, 2, 4, 8}) {
      for (int64_t rowShare : {columnShare / 2, columnShare}) {
        if (rowShare == 0)
          continue;
        int64_t cells = llvm::divideCeil(m, rowShare) * llvm::divideCeil(n, columnShare);
        if (columnShare == 1 || cells >= threads)
          rows = rowShare, columns = columnShare;
      }
    }
    threadColumns = std::min<int64_t>(threads, llvm::PowerOf2Ceil(llvm::divideCeil(n, columns)));
    threadColumns = std::min<int64_t>(threadColumns, std::max<int64_t>(16, threads / 16));
    threadRows = threads / threadColumns;
    rows = std::min(rows, llvm::divideCeilSigned(m, threadRows));
  }
};

// Operands are evaluated where they are staged: once per region that needs them.
void ThreadLowering::prepareDot(tile::DotOp dot) {
  for (Value operand : {dot.getA(), dot.getB()}) {
    if (!homes.contains(operand) && isExpensive(operand) && !findHome(operand))
      materialise(operand);
    prepare(operand, nullptr);
  }
  if (dot.getAcc())
    prepare(dot.getAcc(), nullptr);
}

bool ThreadLowering::dotReads(tile::DotOp dot, Value memref) {
  return readsMemory(dot.getA(), memref) || readsMemory(dot.getB(), memref);
}

TilePoint ThreadLowering::pointOf(const Product &product, int64_t row, int64_t column) {
  return {
      access().add(access().add(product.firstRow, product.threadRow), row * product.threadRows),
      access().add(access().add(product.firstColumn, product.threadColumn), column * product.threadColumns),
      1, 1};
}

Value ThreadLowering::isInside(const Product &product, const TilePoint &point) {
  Value inside;
  if (product.m % product.regionRows())
    inside = isLess(point.row, access().index(product.m));
  if (product.n % product.regionColumns()) {
    Value column = isLess(point.column, access().index(product.n));
    inside = inside ? arith::AndIOp::create(builder, loc, inside, column).getResult() : column;
  }
  return inside;
}

void ThreadLowering::emitDot(tile::DotOp dot, Value result, const TileHome &destination) {
  RankedTensorType type = typeOf(dot.getResult());
  Product product{.dot = dot,
                  .result = result,
                  .destination = destination,
                  .m = type.getDimSize(0),
                  .n = type.getDimSize(1)};
  product.k = typeOf(dot.getA()).getDimSize(dot.getTransposeA() ? 0 : 1);
  product.depth = std::min(kDepth, product.k);
  product.divide(threads);
  Type f32 = builder.getF32Type();
  product.lhs = allocate({product.depth, product.regionRows() + 1}, f32);
  product.rhs = allocate({product.depth, product.regionColumns() + 1}, f32);
  product.threadColumn = access().remainder(thread, product.threadColumns);
  product.threadRow = access().divide(thread, product.threadColumns);
  loop(0, llvm::alignTo(product.m, product.regionRows()), product.regionRows(), [&](Value row) {
    loop(0, llvm::alignTo(product.n, product.regionColumns()), product.regionColumns(), [&](Value column) {
      product.firstRow = row;
      product.firstColumn = column;
      emitRegion(product);
    });
  });
  barrier();
}

// Whether neighbours in a tile's row are neighbours in memory.
bool ThreadLowering::lineIsRow(Value tile) {
  std::optional<TileHome> home = findHome(tile);
  return !home || !home->transposed;
}

// The slices from k on: element (k + i, line j of the region), zero beyond the operand's edges.
void ThreadLowering::stageSlice(const Product &product, Value k, bool isLhs) {
  tile::DotOp dot = product.dot;
  Value operand = isLhs ? dot.getA() : dot.getB();
  bool kIsRow = isLhs ? dot.getTransposeA() : !dot.getTransposeB(); // of the operand
  int64_t lines = isLhs ? product.regionRows() : product.regionColumns(),
          extent = isLhs ? product.m : product.n;
  const TileHome &slice = isLhs ? product.lhs : product.rhs;
  // Neighbours along k where memory has them so.
  sharePoints({product.depth, lines}, kIsRow != lineIsRow(operand), [&](const TilePoint &point) {
    Value at = access().add(k, point.row),
          line = access().add(isLhs ? product.firstRow : product.firstColumn, point.column);
    Value inside;
    if (product.k % product.depth)
      inside = isLess(at, access().index(product.k));
    if (extent % lines) {
      Value within = isLess(line, access().index(extent));
      inside = inside ? arith::AndIOp::create(builder, loc, inside, within).getResult() : within;
    }
    Value value = valueIf(inside, builder.getF32Type(), [&] {
      return emit(operand, kIsRow ? TilePoint{at, line, 1, 1} : TilePoint{line, at, 1, 1});
    });
    store(value, slice, point);
  });
}

SmallVector<Value> ThreadLowering::emitSteps(Product &product, ArrayRef<Value> initial) {
  auto step = [&](Value k, Value i, ValueRange sums) {
    SmallVector<Value> lhs, rhs, next;
    for (int64_t row = 0; row < product.rows; ++row)
      lhs.push_back(load(product.lhs, {i, access().add(product.threadRow, row * product.threadRows), 1, 1}));
    for (int64_t column = 0; column < product.columns; ++column)
      rhs.push_back(
          load(product.rhs, {i, access().add(product.threadColumn, column * product.threadColumns), 1, 1}));
    for (int64_t row = 0; row < product.rows; ++row) {
      Value isUsed; // what lies beyond the diagonal is not even multiplied
      if (product.hasTriangularLhs()) {
        Value own = pointOf(product, row, 0).row, at = access().add(k, i);
        auto order = product.isLower() ? arith::CmpIPredicate::sle : arith::CmpIPredicate::sge;
        isUsed = arith::CmpIOp::create(builder, loc, order, at, own);
      }
      for (int64_t column = 0; column < product.columns; ++column) {
        Value before = sums[row * product.columns + column];
        Value after = math::FmaOp::create(builder, loc, lhs[row], rhs[column], before);
        next.push_back(isUsed ? arith::SelectOp::create(builder, loc, isUsed, after, before).getResult()
                              : after);
      }
    }
    return next;
  };
  return fold(
      0, llvm::alignTo(product.k, product.depth), product.depth, initial, [&](Value k, ValueRange running) {
        stageSlice(product, k, /*isLhs=*/true);
        stageSlice(product, k, /*isLhs=*/false);
        barrier();
        int64_t together = std::gcd(product.depth, kUnrolled);
        auto sums =
            fold(0, product.depth, together, SmallVector<Value>(running), [&](Value i, ValueRange inner) {
              SmallVector<Value> next(inner);
              for (int64_t at = 0; at < together; ++at)
                next = step(k, access().add(i, at), next);
              return next;
            });
        barrier();
        return sums;
      });
}

void ThreadLowering::emitRegion(Product &product) {
  Type f32 = builder.getF32Type();
  SmallVector<Value> sums;
  for (int64_t row = 0; row < product.rows; ++row) {
    for (int64_t column = 0; column < product.columns; ++column) {
      TilePoint point = pointOf(product, row, column);
      sums.push_back(product.dot.getAcc() ? valueIf(isInside(product, point), f32,
                                                    [&] { return emit(product.dot.getAcc(), point); })
                                          : zero(f32));
    }
  }
  sums = emitSteps(product, sums);
  for (int64_t row = 0; row < product.rows; ++row) {
    for (int64_t column = 0; column < product.columns; ++column) {
      TilePoint point = pointOf(product, row, column);
      Value sum = sums[row * product.columns + column];
      if (product.hasTriangularResult()) { // the rest has finite values
        auto order = product.isLower() ? arith::CmpIPredicate::sle : arith::CmpIPredicate::sge;
        Value isNeeded = arith::CmpIOp::create(builder, loc, order, point.column, point.row);
        sum = arith::SelectOp::create(builder, loc, isNeeded, sum, zero(f32));
      }
      doIf(isInside(product, point), [&] {
        Vectors done;
        done[product.dot.getResult()] = sum;
        storeTo(product.destination, emit(product.result, point, done), point);
      });
    }
  }
}

} // namespace rondo::codegen
