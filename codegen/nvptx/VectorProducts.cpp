// Products of few rows by the rows of a matrix in memory, y = x W^T: bound by how fast W arrives.
//
// A warp has a column of the result at a time, whose row of W its threads stream along k with loads of 16
// bytes, straight to registers. Each thread adds up in ascending k, each lane of its vectors for itself;
// lanes and then threads meet in a fixed order.
#include "codegen/nvptx/ThreadLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace rondo::codegen {

constexpr int64_t kWarp = 32;
constexpr int64_t kMostRows = 4; // sums of one thread are a vector for each
constexpr int64_t kLoadBytes = 16;
constexpr int64_t kTogether = 4; // loads of a thread on their way at a time

static RankedTensorType typeOf(Value tile) { return cast<RankedTensorType>(tile.getType()); }

static int64_t widthOf(const TileHome &home) {
  return kLoadBytes * 8 / cast<MemRefType>(home.memref.getType()).getElementTypeBitWidth();
}

// A home whose rows are read in whole vectors, each at an address that is a multiple of its size.
static bool hasAlignedRows(const TileHome &home) {
  auto type = cast<MemRefType>(home.memref.getType());
  bool isPlain = !home.panel && !home.transposed && home.step == 1 && !home.stride && !home.rows;
  if (!isPlain || type.getRank() != 2 || !type.getLayout().isIdentity() ||
      !(type.getElementType().isF32() || type.getElementType().isBF16()))
    return false;
  if (type.getDimSize(1) % widthOf(home))
    return false;
  if (home.offsets.empty())
    return true;
  std::optional<int64_t> column = getConstantIntValue(home.offsets.back());
  return column && *column % widthOf(home) == 0;
}

std::optional<TileHome> ThreadLowering::findStream(Value operand) {
  while (!homes.contains(operand) && isa_and_present<tile::StageOp, arith::ExtFOp>(operand.getDefiningOp()))
    operand = operand.getDefiningOp()->getOperand(0);
  std::optional<TileHome> home = findHome(operand);
  return home && hasAlignedRows(*home) ? home : std::nullopt;
}

// `width` elements as f32, rounded to what the product multiplies.
Value ThreadLowering::loadVector(const TileHome &home, const TilePoint &point, int64_t width,
                                 tile::Precision precision) {
  Type element = cast<MemRefType>(home.memref.getType()).getElementType();
  Value vector = vector::LoadOp::create(builder, loc, VectorType::get(width, element), home.memref,
                                        access().indices(home, point.row, point.column),
                                        /*nontemporal=*/false, llvm::Align(kLoadBytes));
  auto wide = VectorType::get(width, builder.getF32Type());
  if (!element.isF32())
    return arith::ExtFOp::create(builder, loc, wide, vector);
  return precision == tile::Precision::BF16 ? roundToBf16(vector) : vector;
}

// The same for all threads of a warp.
Value ThreadLowering::addUp(Value vector) {
  int64_t width = cast<VectorType>(vector.getType()).getNumElements();
  Value sum = vector::ExtractOp::create(builder, loc, vector, 0);
  for (int64_t i = 1; i < width; ++i) {
    Value next = vector::ExtractOp::create(builder, loc, vector, i);
    sum = arith::AddFOp::create(builder, loc, sum, next);
  }
  for (int64_t distance = kWarp / 2; distance > 0; distance /= 2) {
    auto other = gpu::ShuffleOp::create(builder, loc, sum, distance, kWarp, gpu::ShuffleMode::XOR);
    sum = arith::AddFOp::create(builder, loc, sum, other.getShuffleResult());
  }
  return sum;
}

// This thread's part of the sums of `m` rows in one column, a vector of `width` for each.
SmallVector<Value> ThreadLowering::streamColumn(const TileHome &x, const TileHome &w, Value column, int64_t m,
                                                int64_t k, int64_t width, Value lane,
                                                tile::Precision precision) {
  int64_t step = kWarp * width, whole = k / (step * kTogether) * step * kTogether;
  auto addProducts = [&](Value own, int64_t together, ValueRange running) {
    SmallVector<Value> weights, next(running);
    for (int64_t i = 0; i < together; ++i)
      weights.push_back(loadVector(w, {column, access().add(own, i * step), 1, 1}, width, precision));
    for (int64_t i = 0; i < together; ++i) {
      for (int64_t row = 0; row < m; ++row) {
        TilePoint from{access().index(row), access().add(own, i * step), 1, 1};
        next[row] =
            math::FmaOp::create(builder, loc, weights[i], loadVector(x, from, width, precision), next[row]);
      }
    }
    return next;
  };
  Value first = arith::MulIOp::create(builder, loc, lane, access().index(width));
  SmallVector<Value> sums(m, zero(VectorType::get(width, builder.getF32Type())));
  if (whole)
    sums = fold(0, whole, step * kTogether, sums, [&](Value at, ValueRange running) {
      return addProducts(access().add(at, first), kTogether, running);
    });
  if (whole == k)
    return sums;
  auto rest = scf::ForOp::create(builder, loc, access().add(first, whole), access().index(k),
                                 access().index(step), sums);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(rest.getBody());
  SmallVector<Value> next = addProducts(rest.getInductionVar(), 1, rest.getRegionIterArgs());
  scf::YieldOp::create(builder, loc, next);
  return SmallVector<Value>(rest.getResults());
}

bool ThreadLowering::emitVectorProduct(tile::DotOp dot, Value result, const TileHome &destination) {
  int64_t m = typeOf(dot.getResult()).getDimSize(0), n = typeOf(dot.getResult()).getDimSize(1),
          k = typeOf(dot.getA()).getDimSize(1);
  if (m > kMostRows || threads < kWarp || dot.getTransposeA() || !dot.getTransposeB() ||
      dot.getTriangle() != tile::Triangle::Full)
    return false;
  std::optional<TileHome> x = findStream(dot.getA()), w = findStream(dot.getB());
  if (!x || !w || !cast<MemRefType>(x->memref.getType()).getElementType().isF32())
    return false;
  int64_t width = widthOf(*w);
  if (k % width || k % widthOf(*x))
    return false;

  Value lane = access().remainder(thread, kWarp), warp = access().divide(thread, kWarp);
  loop(warp, access().index(n), threads / kWarp, [&](Value column) {
    SmallVector<Value> sums = streamColumn(*x, *w, column, m, k, width, lane, dot.getPrecision());
    for (Value &sum : sums)
      sum = addUp(sum);
    Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, lane, access().index(0));
    doIf(isFirst, [&] {
      for (int64_t row = 0; row < m; ++row) {
        TilePoint point{access().index(row), column, 1, 1};
        Vectors done;
        Value sum = sums[row];
        if (dot.getAcc())
          sum = arith::AddFOp::create(builder, loc, emit(dot.getAcc(), point), sum);
        done[dot.getResult()] = sum;
        storeTo(destination, emit(result, point, done), point);
      }
    });
  });
  barrier();
  return true;
}

} // namespace rondo::codegen
