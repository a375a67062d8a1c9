// One dot on its way to the registers of a block's threads.
#pragma once

#include "codegen/nvptx/ThreadLowering.h"

#include "llvm/Support/MathExtras.h"
#include <algorithm>

namespace rondo::codegen {

/// What multiplies.
enum class ProductUnit {
  Threads,    // each thread its own sums, in f32
  Tf32Warps,  // mma.sync.m16n8k8 of a warp, operands rounded to tf32
  Bf16Warps,  // mma.sync.m16n8k16 of a warp, operands rounded to bf16
  Warpgroups, // wgmma.mma_async.m64nNk16 of four warps, operands rounded to bf16
};

/// bf16 operands of a product in shared memory: for each stage a matrix of 64 columns (128 bytes a row) in
/// which the eight chunks of a row, of eight elements each, change places by the row's number, chunk ^= row
/// % 8. That is the "128B swizzle" of tensor maps and of wgmma's descriptors, and lets ldmatrix read without
/// bank conflicts.
struct OperandSlice {
  mlir::Value memref; // [stages * rows][64] bf16
  bool alongK = true; // a row is one line (row or column of the result), its columns are steps of k; else a
                      // row is a step of k and its columns are lines, 64 to a block of `depth` rows
  int64_t lines = 0;  // multiple of 8, or of 64 unless alongK
  int64_t depth = 0;  // steps of k, multiple of 16

  static constexpr int64_t kColumns = 64;
  int64_t rows() const { return alongK ? lines : lines / kColumns * depth; }
  int64_t bytes() const { return rows() * 2 * kColumns; }
};

/// An operand of a dot, seen as lines (rows or columns of the result) of steps of k.
struct ProductOperand {
  mlir::Value tile;
  bool kIsRow;                // of the tile
  int64_t lines, regionLines; // of the whole operand, of a region
  mlir::Value firstLine;      // of the region at hand
  const OperandSlice &slice;

  TilePoint point(mlir::Value line, mlir::Value k) const {
    return kIsRow ? TilePoint{k, line, 1, 1} : TilePoint{line, k, 1, 1};
  }
};

struct ThreadLowering::Product {
  tile::DotOp dot = nullptr;
  mlir::Value result = nullptr; // what the sink wants: an expression around the dot's result
  TileHome destination = {};
  int64_t m = 0, n = 0, k = 0;
  ProductUnit unit = ProductUnit::Threads;
  int64_t depth = 0;                         // of a slice
  int64_t threadRows = 1, threadColumns = 1; // R and C
  int64_t rows = 1, columns = 1;             // of one thread
  int64_t stages = 1; // slices of each operand in shared memory: while one is used, the next is on its way
  TileHome lhs = {}, rhs = {};        // f32 slices [stages * depth][region's rows or columns, and padding]
  OperandSlice left = {}, right = {}; // bf16 slices
  mlir::Value firstRow = nullptr, firstColumn = nullptr; // of the region at hand
  mlir::Value threadRow = nullptr, threadColumn = nullptr;

  // With tensor cores a thread's sums are those of its fragments: `rows` x `columns` of 16 x 8 in each of
  // threadRows x threadColumns warps, four sums each. A group of four warps of wgmma is four warps below each
  // other.
  mlir::Value quad = nullptr; // the thread's number in its group of four, which share a row of fragments
  mlir::Value fragmentColumn = nullptr; // of the right operand: where the thread's column of it lies
  mlir::Value warpRow = nullptr,
              warpColumn = nullptr; // where the warp's, or the warpgroup's, part of a region begins

  ProductOperand operand(bool isLhs) const {
    tile::DotOp op = dot;
    return isLhs ? ProductOperand{op.getA(), op.getTransposeA(), m, regionRows(), firstRow, left}
                 : ProductOperand{op.getB(), !op.getTransposeB(), n, regionColumns(), firstColumn, right};
  }
  bool usesTensorCores() const { return unit != ProductUnit::Threads; }
  bool usesBf16() const { return unit == ProductUnit::Bf16Warps || unit == ProductUnit::Warpgroups; }
  int64_t regionRows() const { return threadRows * rows * (usesTensorCores() ? 16 : 1); }
  int64_t regionColumns() const { return threadColumns * columns * (usesTensorCores() ? 8 : 1); }
  bool isPipelined() const { return stages > 1; }
  bool hasSeveralRegions() const { return m > regionRows() || n > regionColumns(); }
  int64_t sums() const { return rows * columns * (usesTensorCores() ? 4 : 1); }
  // Words behind each line of an f32 slice, so that banks differ: threads of a warp read neighbours of one
  // line, or with tensor cores eight neighbours of four lines.
  int64_t padding() const { return usesTensorCores() ? 8 : 1; }
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

  // Tensor cores want whole fragments. With tf32 they cannot leave out what lies beyond a diagonal of the
  // left operand; with bf16 it counts as zero.
  bool suitsTf32() const { return m >= 16 && n >= 8 && k >= 8 && !hasTriangularLhs(); }
  bool suitsBf16() const { return m >= 16 && n >= 8 && k >= 16; }
  // Warps of up to 32 rows below each other as far as there are rows, the others side by side.
  void divideAmongWarps(int64_t warps, int64_t mostColumns) {
    threadRows = std::clamp<int64_t>(llvm::PowerOf2Ceil(m / 32), 1, warps);
    threadColumns = warps / threadRows;
    rows = std::clamp<int64_t>(llvm::divideCeil(m, 16 * threadRows), 1, 2);
    columns = std::clamp<int64_t>(llvm::divideCeil(n, 8 * threadColumns), 1, mostColumns);
    if (usesBf16()) // whose columns are loaded two by two
      columns = llvm::alignTo(columns, 2);
  }
  // Groups of four warps, of 64 rows each and up to 128 columns, likewise. False if the product does not suit
  // them: a part of the right operand begins at a whole block of its slice.
  bool divideAmongWarpgroups(int64_t groups) {
    int64_t groupRows = std::clamp<int64_t>(llvm::PowerOf2Ceil(llvm::divideCeil(m, 64)), 1, groups);
    threadRows = 4 * groupRows;
    threadColumns = groups / groupRows;
    rows = 1;
    columns = std::clamp<int64_t>(llvm::divideCeil(n, 8 * threadColumns), 1, 16);
    if (!right.alongK && threadColumns > 1)
      columns = llvm::alignTo(columns, OperandSlice::kColumns / 8);
    return m > 32 && (threadColumns == 1 || n > 8 * columns);
  }
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

} // namespace rondo::codegen
