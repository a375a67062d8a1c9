// Rows of scores: how kernels over all tokens of `[B, T]` cut them into tiles.
#pragma once

#include "dialects/rondo/interfaces/Interfaces.h"

namespace rondo {

// Tokens [batch, batch + batches) x [time, time + times) of `[B, T]`. Either batches is 1 or times is T, so
// that they are rows one after the other of a tensor `[B, T, ...]`.
struct ScoreTile {
  mlir::Value batch, time; // index values
  int64_t batches, times;

  int64_t rows() const { return batches * times; }
};

class ScoreRows {
public:
  // Tiles of at most `rows` rows; `tokens` is a graph value `[B, T]`.
  ScoreRows(mlir::Value tokens, int64_t rows);
  // The same, with at most `most` rows and, where there are enough of them, tiles for `kWorkers` workers.
  static ScoreRows forGrid(mlir::Value tokens, int64_t most);

  llvm::SmallVector<int64_t> grid() const;
  // Emits the tile that the workgroup with coordinates `ids` works on.
  void emitTile(KernelBuilder &kernel, mlir::ValueRange ids,
                llvm::function_ref<void(const ScoreTile &)> emit) const;
  // Emits loops over all tiles that carry `initial`; `emit` returns its next value. Whole tiles come first.
  mlir::Value emitLoops(KernelBuilder &kernel, mlir::Value initial,
                        llvm::function_ref<mlir::Value(const ScoreTile &, mlir::Value)> emit) const;

  // `[B, T]` of `graph` as a vector of the tile's rows.
  static mlir::Value loadVector(KernelBuilder &kernel, mlir::Value graph, const ScoreTile &tile);
  // All columns of the tile's rows of `graph`, `[B, T, K]`.
  mlir::Value loadRows(KernelBuilder &kernel, mlir::Value graph, const ScoreTile &tile) const;
  // The first of the tile's rows in a tensor `[B, T, ...]`.
  mlir::Value firstRow(KernelBuilder &kernel, const ScoreTile &tile) const;

  // A kernel whose workgroups differ in nothing but their rows keeps so many workers busy where it can.
  static constexpr int64_t kWorkers = 8;

private:
  int64_t batch, time;    // B, T
  int64_t batches, times; // of a tile
};

} // namespace rondo
