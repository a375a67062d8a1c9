// Products: slices of both operands in shared memory, sums in the registers of threads.
//
// A region of the result belongs to the whole block: thread (r, c) of R x C has rows r, r + R, ... and
// columns c, c + C, ..., so that neighbours read neighbours of the right slice and write neighbours of the
// result. Each sum is one chain of fused multiply-adds in ascending k that starts from the dot's acc, as on
// the CPU.
#include "codegen/nvptx/ThreadProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <numeric>

using namespace mlir;

namespace rondo::codegen {

static RankedTensorType typeOf(Value tile) { return cast<RankedTensorType>(tile.getType()); }

static bool roundsOperands(tile::DotOp dot) { return dot.getPrecision() == tile::Precision::BF16; }

constexpr int64_t kDepth = 16;   // steps of k in one slice
constexpr int64_t kUnrolled = 4; // of these side by side in the code
// With no more slices than this there is little to overlap, and kernels that have such products, of attention
// and retention, have many: what is on its way for each would take registers that they need.
constexpr int64_t kFewSlices = 4;

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

// Of scalars or vectors of f32.
Value ThreadLowering::roundToBf16(Value value) {
  Type wide = value.getType(), narrow = builder.getBF16Type();
  if (auto vector = dyn_cast<VectorType>(wide))
    narrow = VectorType::get(vector.getShape(), narrow);
  Value rounded = arith::TruncFOp::create(builder, loc, narrow, value);
  return arith::ExtFOp::create(builder, loc, wide, rounded);
}

bool ThreadLowering::dotReads(tile::DotOp dot, Value memref) {
  return readsMemory(dot.getA(), memref) || readsMemory(dot.getB(), memref);
}

TilePoint ThreadLowering::pointOf(const Product &product, int64_t sum) {
  bool fragments = product.usesTensorCores();
  int64_t part = fragments ? sum / 4 : sum, element = fragments ? sum % 4 : 0;
  int64_t row = part / product.columns, column = part % product.columns;
  row = fragments ? 16 * row + 8 * (element / 2) : row * product.threadRows;
  column = fragments ? 8 * column + element % 2 : column * product.threadColumns;
  return {access().add(access().add(product.firstRow, product.threadRow), row),
          access().add(access().add(product.firstColumn, product.threadColumn), column), 1, 1};
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

void ThreadLowering::plan(Product &product) {
  if (planForBf16(product))
    return;
  if (options.tf32 && threads >= 32 && product.suitsTf32()) {
    product.unit = ProductUnit::Tf32Warps;
    product.depth = std::min<int64_t>(kDepth, llvm::alignTo(product.k, 8));
    product.divideAmongWarps(threads / 32, /*mostColumns=*/4);
    placeFragments(product);
  } else {
    product.depth = std::min(kDepth, product.k);
    product.divide(threads);
    product.threadColumn = access().remainder(thread, product.threadColumns);
    product.threadRow = access().divide(thread, product.threadColumns);
  }
  Type f32 = builder.getF32Type();
  product.stages = product.k > kFewSlices * product.depth ? 2 : 1;
  int64_t steps = product.stages * product.depth;
  product.lhs = allocate({steps, product.regionRows() + product.padding()}, f32);
  product.rhs = allocate({steps, product.regionColumns() + product.padding()}, f32);
}

void ThreadLowering::emitDot(tile::DotOp dot, Value result, const TileHome &destination) {
  if (emitVectorProduct(dot, result, destination))
    return;
  RankedTensorType type = typeOf(dot.getResult());
  Product product{.dot = dot,
                  .result = result,
                  .destination = destination,
                  .m = type.getDimSize(0),
                  .n = type.getDimSize(1)};
  product.k = typeOf(dot.getA()).getDimSize(dot.getTransposeA() ? 0 : 1);
  plan(product);
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

std::optional<TileHome> ThreadLowering::findCopySource(const Product &product, Value operand) {
  bool isBf16 = product.usesBf16();
  auto isTransparent = [&](Operation *op) { // to a copy of what lies in memory
    return isa_and_present<tile::StageOp>(op) || (isBf16 && isa_and_present<arith::ExtFOp>(op));
  };
  while (!homes.contains(operand) && isTransparent(operand.getDefiningOp()))
    operand = operand.getDefiningOp()->getOperand(0);
  std::optional<TileHome> home = findHome(operand);
  if (auto load = operand.getDefiningOp<tile::LoadOp>(); !home && load)
    home = accessHome(load);                           // of a counted tile
  if (!home || product.unit == ProductUnit::Tf32Warps) // whose operands are rounded on the way
    return std::nullopt;
  auto type = cast<MemRefType>(home->memref.getType());
  auto space = dyn_cast_or_null<IntegerAttr>(type.getMemorySpace());
  bool isGlobal = !space || space.getInt() == kGlobalScratch;
  Type element = type.getElementType();
  if (!isBf16 && roundsOperands(product.dot))
    return std::nullopt;
  return isGlobal && (isBf16 ? element.isBF16() : element.isF32()) ? home : std::nullopt;
}

void ThreadLowering::stageSlices(const Product &product, Value k, Value stage) {
  for (bool isLhs : {true, false})
    product.usesBf16() ? stageBf16(product, k, stage, isLhs) : stageSlice(product, k, stage, isLhs);
}

// Element (k + i, line j of the region), zero beyond the operand's edges.
void ThreadLowering::stageSlice(const Product &product, Value k, Value stage, bool isLhs) {
  tile::DotOp dot = product.dot;
  Value operand = isLhs ? dot.getA() : dot.getB();
  bool kIsRow = isLhs ? dot.getTransposeA() : !dot.getTransposeB(); // of the operand
  int64_t lines = isLhs ? product.regionRows() : product.regionColumns(),
          extent = isLhs ? product.m : product.n;
  const TileHome &slice = isLhs ? product.lhs : product.rhs;
  std::optional<TileHome> source = findCopySource(product, operand);
  // Neighbours along k where memory has them so.
  sharePoints({product.depth, lines}, kIsRow != lineIsRow(operand), [&](const TilePoint &point) {
    Value at = access().add(k, point.row),
          line = access().add(isLhs ? product.firstRow : product.firstColumn, point.column);
    TilePoint from = kIsRow ? TilePoint{at, line, 1, 1} : TilePoint{line, at, 1, 1};
    TilePoint to{access().add(access().multiply(stage, product.depth), point.row), point.column, 1, 1};
    Value inside;
    if (product.k % product.depth)
      inside = isLess(at, access().index(product.k));
    if (extent % lines) {
      Value within = isLess(line, access().index(extent));
      inside = inside ? arith::AndIOp::create(builder, loc, inside, within).getResult() : within;
    }
    if (source)
      return copyLater(*source, from, inside, slice.memref, {to.row, to.column}, 1);
    Value value = valueIf(inside, builder.getF32Type(), [&] { return emit(operand, from); });
    if (roundsOperands(product.dot))
      value = roundToBf16(value);
    store(product.unit == ProductUnit::Tf32Warps ? roundToTf32(value) : value, slice, to);
  });
}

SmallVector<Value> ThreadLowering::emitStep(const Product &product, Value k, Value i, ValueRange sums) {
  SmallVector<Value> lhs, rhs, next;
  for (int64_t row = 0; row < product.rows; ++row)
    lhs.push_back(load(product.lhs, {i, access().add(product.threadRow, row * product.threadRows), 1, 1}));
  for (int64_t column = 0; column < product.columns; ++column)
    rhs.push_back(
        load(product.rhs, {i, access().add(product.threadColumn, column * product.threadColumns), 1, 1}));
  for (int64_t row = 0; row < product.rows; ++row) {
    Value isUsed; // what lies beyond the diagonal is not even multiplied
    if (product.hasTriangularLhs()) {
      Value own = pointOf(product, row * product.columns).row;
      auto order = product.isLower() ? arith::CmpIPredicate::sle : arith::CmpIPredicate::sge;
      isUsed = arith::CmpIOp::create(builder, loc, order, k, own);
    }
    for (int64_t column = 0; column < product.columns; ++column) {
      Value before = sums[row * product.columns + column];
      Value after = math::FmaOp::create(builder, loc, lhs[row], rhs[column], before);
      next.push_back(isUsed ? arith::SelectOp::create(builder, loc, isUsed, after, before).getResult()
                            : after);
    }
  }
  return next;
}

SmallVector<Value> ThreadLowering::emitSlice(const Product &product, Value k, Value stage, ValueRange sums) {
  if (product.unit == ProductUnit::Warpgroups)
    return emitWarpgroupSlice(product, stage, sums);
  SmallVector<Value> running(sums);
  if (product.unit == ProductUnit::Bf16Warps) {
    for (int64_t step = 0; step < product.depth; step += 16)
      running = emitBf16Fragments(product, stage, step, running);
    return running;
  }
  bool fragments = product.unit == ProductUnit::Tf32Warps;
  int64_t together = fragments ? 8 : std::gcd(product.depth, kUnrolled);
  return fold(0, product.depth, together, running, [&](Value i, ValueRange inner) {
    Value row = access().add(access().multiply(stage, product.depth), i);
    if (fragments)
      return emitTf32Fragments(product, row, inner);
    SmallVector<Value> next(inner);
    for (int64_t at = 0; at < together; ++at)
      next = emitStep(product, access().add(access().add(k, i), at), access().add(row, at), next);
    return next;
  });
}

SmallVector<Value> ThreadLowering::emitSteps(Product &product, ArrayRef<Value> initial) {
  int64_t end = llvm::alignTo(product.k, product.depth);
  bool copies = findCopySource(product, product.dot.getA()) || findCopySource(product, product.dot.getB());
  // The stage of the slice from step k on.
  auto stageOf = [&](Value k) {
    return access().remainder(access().divide(k, product.depth), product.stages);
  };
  if (product.isPipelined())
    stageSlices(product, access().index(0), access().index(0));
  SmallVector<Value> sums = fold(0, end, product.depth, initial, [&](Value k, ValueRange running) {
    Value stage = product.isPipelined() ? stageOf(k) : access().index(0);
    if (!product.isPipelined())
      stageSlices(product, k, stage);
    if (copies)
      waitForCopies();
    if (product.unit == ProductUnit::Warpgroups) // reads shared memory in ways of its own
      showToAsyncUnits();
    // What this slice is made of has arrived and, with two of them, nobody reads the one before it any more.
    barrier();
    if (product.isPipelined()) {
      Value next = access().add(k, product.depth);
      doIf(isLess(next, access().index(end)), [&] { stageSlices(product, next, stageOf(next)); });
    }
    auto sums = emitSlice(product, k, stage, running);
    if (!product.isPipelined())
      barrier();
    return sums;
  });
  if (product.isPipelined() && product.hasSeveralRegions()) // the next one uses the slices' memory again
    barrier();
  return sums;
}

void ThreadLowering::emitRegion(Product &product) {
  Type f32 = builder.getF32Type();
  SmallVector<Value> sums;
  for (int64_t i = 0; i < product.sums(); ++i) {
    TilePoint point = pointOf(product, i);
    sums.push_back(product.dot.getAcc() ? valueIf(isInside(product, point), f32,
                                                  [&] { return emit(product.dot.getAcc(), point); })
                                        : zero(f32));
  }
  sums = emitSteps(product, sums);
  for (auto [i, sum] : llvm::enumerate(sums)) {
    TilePoint point = pointOf(product, static_cast<int64_t>(i));
    Value needed = sum;
    if (product.hasTriangularResult()) { // the rest has finite values
      auto order = product.isLower() ? arith::CmpIPredicate::sle : arith::CmpIPredicate::sge;
      Value isNeeded = arith::CmpIOp::create(builder, loc, order, point.column, point.row);
      needed = arith::SelectOp::create(builder, loc, isNeeded, sum, zero(f32));
    }
    doIf(isInside(product, point), [&] {
      Vectors done;
      done[product.dot.getResult()] = needed;
      storeTo(product.destination, emit(product.result, point, done), point);
    });
  }
}

} // namespace rondo::codegen
