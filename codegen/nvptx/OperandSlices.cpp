// How bf16 operands of products come to shared memory: copied in chunks of 16 bytes where they lie in memory
// so, else evaluated and rounded, a few neighbours along k at a time.
#include "codegen/nvptx/KnownFactor.h"
#include "codegen/nvptx/ThreadProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace rondo::codegen {

constexpr int64_t kChunk = 8;      // elements of one copy
constexpr int64_t kRun = 2;        // elements that a thread evaluates one after the other, part of a chunk
constexpr int64_t kMostDepth = 64; // steps of k in one slice: a row of 128 bytes
constexpr int64_t kFewSlices = 2;  // with no more of them there is little to overlap

// ---- what is where
// ---------------------------------------------------------------------------------------------

// Whether each run of eight elements along the matrix's rows begins at a multiple of 16 bytes.
static bool hasWholeChunks(const TileHome &home) {
  auto type = cast<MemRefType>(home.memref.getType());
  bool isAligned = type.getRank() == 1 || type.getShape().back() % kChunk == 0;
  return isAligned && (home.offsets.empty() || knownFactor(home.offsets.back(), kChunk) == kChunk);
}

std::optional<TileHome> ThreadLowering::findChunks(const Product &product, Value operand) {
  std::optional<TileHome> home = findCopySource(product, operand);
  // What lies beyond the diagonal of a left operand is replaced by zeros on the way.
  bool isCopied = operand != tile::DotOp(product.dot).getA() || !product.hasTriangularLhs();
  return home && isCopied && hasWholeChunks(*home) ? home : std::nullopt;
}

Value ThreadLowering::allocateSlice(const OperandSlice &slice, int64_t stages) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(entry);
  auto type = MemRefType::get({stages * slice.rows(), OperandSlice::kColumns}, builder.getBF16Type(),
                              AffineMap(), builder.getI64IntegerAttr(kSharedMemory));
  // Places change by bits of the address: eight rows of 128 bytes repeat.
  auto alloca = memref::AllocaOp::create(builder, loc, type, builder.getI64IntegerAttr(1024));
  alloca->setAttr(kPinnedAttribute, builder.getUnitAttr());
  return alloca;
}

bool ThreadLowering::planForBf16(Product &product) {
  if (tile::DotOp(product.dot).getPrecision() != tile::Precision::BF16 || threads < 32 ||
      !product.suitsBf16())
    return false;
  product.unit = ProductUnit::Bf16Warps;
  product.depth = std::min<int64_t>(kMostDepth, llvm::alignTo(product.k, 16));
  for (bool isLhs : {true, false}) {
    ProductOperand operand = product.operand(isLhs);
    std::optional<TileHome> source = findChunks(product, operand.tile);
    // Neighbours in memory stay neighbours.
    (isLhs ? product.left : product.right).alongK = !source || source->transposed == operand.kIsRow;
  }
  if (options.warpgroups && threads >= 128 && product.divideAmongWarpgroups(threads / 128))
    product.unit = ProductUnit::Warpgroups;
  else
    product.divideAmongWarps(threads / 32, /*mostColumns=*/8);
  product.stages = product.k > kFewSlices * product.depth ? 2 : 1;
  for (bool isLhs : {true, false}) {
    OperandSlice &slice = isLhs ? product.left : product.right;
    slice.depth = product.depth;
    slice.lines =
        llvm::alignTo(product.operand(isLhs).regionLines, slice.alongK ? 8 : OperandSlice::kColumns);
    slice.memref = allocateSlice(slice, product.stages);
  }
  placeFragments(product);
  return true;
}

std::pair<Value, Value> ThreadLowering::placeIn(const OperandSlice &slice, Value stage, Value line, Value k) {
  Value row = access().multiply(stage, slice.rows()), column = slice.alongK ? k : line;
  if (slice.alongK) {
    row = access().add(row, line);
  } else {
    Value block = access().multiply(access().divide(line, OperandSlice::kColumns), slice.depth);
    row = access().add(access().add(row, block), k);
    column = access().remainder(line, OperandSlice::kColumns);
  }
  Value chunk =
      arith::XOrIOp::create(builder, loc, access().divide(column, kChunk), access().remainder(row, 8));
  return {row, access().add(access().multiply(chunk, kChunk), access().remainder(column, kChunk))};
}

// ---- staging
// ---------------------------------------------------------------------------------------------------

void ThreadLowering::stageBf16(const Product &product, Value k, Value stage, bool isLhs) {
  std::optional<TileHome> source = findChunks(product, product.operand(isLhs).tile);
  source ? copySlice(product, *source, k, stage, isLhs) : evaluateSlice(product, k, stage, isLhs);
}

// Chunks of a row of the slice, zeros beyond the operand's edges.
void ThreadLowering::copySlice(const Product &product, const TileHome &source, Value k, Value stage,
                               bool isLhs) {
  ProductOperand operand = product.operand(isLhs);
  const OperandSlice &slice = operand.slice;
  int64_t rows = slice.alongK ? slice.lines : slice.depth, columns = slice.alongK ? slice.depth : slice.lines;
  sharePoints({rows, columns / kChunk}, /*down=*/false, [&](const TilePoint &point) {
    Value column = access().multiply(point.column, kChunk);
    Value line = slice.alongK ? point.row : column, step = slice.alongK ? column : point.row;
    auto [row, place] = placeIn(slice, stage, line, step);
    line = access().add(operand.firstLine, line);
    step = access().add(k, step);
    Value inside, valid;
    auto demand = [&](Value condition) {
      inside = inside ? arith::AndIOp::create(builder, loc, inside, condition).getResult() : condition;
    };
    // Elements from `extent` on do not exist; `isRun`: the chunk runs along them.
    auto keepBelow = [&](Value at, int64_t extent, bool isRun) {
      demand(isLess(at, access().index(extent)));
      if (!isRun || extent % kChunk == 0)
        return;
      Value rest = arith::SubIOp::create(builder, loc, access().index(extent), at);
      valid = arith::MinSIOp::create(builder, loc, rest, access().index(kChunk));
    };
    if (product.k % slice.depth)
      keepBelow(step, product.k, slice.alongK);
    if (operand.lines % operand.regionLines || slice.lines != operand.regionLines)
      keepBelow(line, operand.lines, !slice.alongK);
    copyLater(source, operand.point(line, step), inside, slice.memref, {row, place}, kChunk, valid);
  });
}

// Runs of neighbours along k.
void ThreadLowering::evaluateSlice(const Product &product, Value k, Value stage, bool isLhs) {
  ProductOperand operand = product.operand(isLhs);
  const OperandSlice &slice = operand.slice;
  Type f32 = builder.getF32Type(), bf16 = builder.getBF16Type();
  // One after the other along k where memory has them so.
  sharePoints(
      {slice.depth / kRun, slice.lines}, operand.kIsRow != lineIsRow(operand.tile),
      [&](const TilePoint &point) {
        Value first = access().multiply(point.row, kRun),
              line = access().add(operand.firstLine, point.column);
        SmallVector<Value> run;
        for (int64_t i = 0; i < kRun; ++i) {
          Value step = access().add(access().add(k, first), i);
          Value inside;
          auto demand = [&](Value condition) {
            inside = inside ? arith::AndIOp::create(builder, loc, inside, condition).getResult() : condition;
          };
          if (product.k % slice.depth)
            demand(isLess(step, access().index(product.k)));
          if (operand.lines % slice.lines)
            demand(isLess(line, access().index(operand.lines)));
          if (isLhs && product.hasTriangularLhs()) {
            auto order = product.isLower() ? arith::CmpIPredicate::sle : arith::CmpIPredicate::sge;
            demand(arith::CmpIOp::create(builder, loc, order, step, line));
          }
          Value value = valueIf(inside, f32, [&] { return emit(operand.tile, operand.point(line, step)); });
          run.push_back(arith::TruncFOp::create(builder, loc, bf16, value));
        }
        auto [row, column] = placeIn(slice, stage, point.column, first);
        Value all = vector::FromElementsOp::create(builder, loc, VectorType::get({kRun}, bf16), run);
        vector::StoreOp::create(builder, loc, all, slice.memref, ValueRange{row, column},
                                /*nontemporal=*/false, llvm::MaybeAlign(2 * kRun));
      });
}

} // namespace rondo::codegen
