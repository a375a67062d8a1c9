// One dot on its way to the registers of a block's threads.
#pragma once

#include "codegen/nvptx/ThreadLowering.h"

#include "llvm/Support/MathExtras.h"
#include <algorithm>

namespace rondo::codegen {

struct ThreadLowering::Product {
  tile::DotOp dot = nullptr;
  mlir::Value result = nullptr; // what the sink wants: an expression around the dot's result
  TileHome destination = {};
  int64_t m = 0, n = 0, k = 0;
  int64_t depth = 0;                         // of a slice
  int64_t threadRows = 1, threadColumns = 1; // R and C
  int64_t rows = 1, columns = 1;             // of one thread
  int64_t stages = 1; // slices of each operand in shared memory: while one is used, the next is on its way
  TileHome lhs = {}, rhs = {}; // slices [stages * depth][region's rows or columns, and padding]
  mlir::Value firstRow = nullptr, firstColumn = nullptr; // of the region at hand
  mlir::Value threadRow = nullptr, threadColumn = nullptr;

  // With tensor cores a thread's sums are those of its fragments: `rows` x `columns` of 16 x 8 in each of
  // threadRows x threadColumns warps, four sums each.
  bool usesTensorCores = false;
  mlir::Value quad = nullptr; // the thread's number in its group of four, which share a row of fragments
  mlir::Value fragmentColumn = nullptr; // of the right operand: where the thread's column of it lies

  int64_t regionRows() const { return threadRows * rows * (usesTensorCores ? 16 : 1); }
  int64_t regionColumns() const { return threadColumns * columns * (usesTensorCores ? 8 : 1); }
  bool isPipelined() const { return stages == 2; }
  bool hasSeveralRegions() const { return m > regionRows() || n > regionColumns(); }
  int64_t sums() const { return rows * columns * (usesTensorCores ? 4 : 1); }
  // Words behind each line of a slice, so that banks differ: threads of a warp read neighbours of one line,
  // or with tensor cores eight neighbours of four lines.
  int64_t padding() const { return usesTensorCores ? 8 : 1; }
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

  // Tensor cores want whole fragments, and cannot leave out what lies beyond a diagonal of the left operand.
  bool suitsTensorCores() const { return m >= 16 && n >= 8 && k >= 8 && !hasTriangularLhs(); }
  // Warps side by side along the columns of 32 rows each, as long as there are so many.
  void divideAmongWarps(int64_t warps) {
    usesTensorCores = true;
    threadRows = std::clamp<int64_t>(llvm::PowerOf2Ceil(m / 32), 1, warps);
    threadColumns = warps / threadRows;
    rows = std::clamp<int64_t>(llvm::divideCeil(m, 16 * threadRows), 1, 2);
    columns = std::clamp<int64_t>(llvm::divideCeil(n, 8 * threadColumns), 1, 4);
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
