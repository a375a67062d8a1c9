// Lowers one tile.kernel to a function over scf, memref and vectors (see codegen/lowering/TileLowering.h).
//
// Points are vectors of up to 16 elements, along rows or down columns. Homes lie in the caller's scratch, in
// panels where dots read them so. A dot is evaluated register tile by register tile inside its sink, which
// sees the accumulators as vectors.
//
// The files beside this one: VectorLowering.cpp the function and stores to panels; Orientation.cpp which
// tiles are evaluated down their columns; Points.cpp the width of points, and places; DotLowering.cpp,
// RegisterTiles.cpp and Packing.cpp products, RoundOperands.cpp those with bf16 operands; Transposition.cpp;
// Reductions.cpp; Prefetch.cpp; Loops.cpp.
#pragma once

#include "codegen/cpu/Product.h"
#include "codegen/lowering/TileLowering.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace rondo::codegen {

/// Shapes of register tiles and cache blocks.
struct Blocking {
  int64_t rows = 8;    // rows of a register tile
  int64_t panel = 32;  // columns of a packed panel and of a register tile
  int64_t depth = 256; // steps of k for which a panel stays in the first-level cache
  int64_t thinRows =
      4; // up to so many rows a product is bound by memory: several panels side by side, no blocks
};

class VectorLowering : public TileLowering {
public:
  VectorLowering(tile::KernelOp kernel, const Blocking &blocking);

  /// Inserts func.func @NAME(buffers..., begin, end) before the kernel.
  void run();

private:
  void enterLoop(mlir::scf::ForOp loop, mlir::Value induction, mlir::Value end) override {
    planPrefetch(loop, induction, end);
  }

  // ---- points
  /// The widest vector, along rows or down columns, in which every part of the tile can be emitted.
  int64_t legalLanes(mlir::Value tile, bool down = false);
  bool canFollowDot(mlir::Value tile, bool down) override;
  /// Interleaved pairs lie within a vector.
  bool keepsPlace(mlir::Operation *op) const override;
  /// Calls `body` at every point of a tile of `shape`, rows outermost; with `down` columns outermost. Strips
  /// of so many columns (rows) come one after the other; 0: no strips.
  void forEachPoint(llvm::ArrayRef<int64_t> shape, int64_t lanes,
                    llvm::function_ref<void(const TilePoint &)> body, bool down = false, int64_t strip = 0);
  /// In an order that suits stores to `home`.
  void forEachPointOf(const TileHome &home, llvm::ArrayRef<int64_t> shape, int64_t lanes,
                      llvm::function_ref<void(const TilePoint &)> body);

  // ---- homes
  TileHome allocate(llvm::ArrayRef<int64_t> shape, mlir::Type element, int64_t panel = 0,
                    bool down = false) override;
  TileHome allocateFor(llvm::ArrayRef<mlir::Value> tiles) override;
  TileHome allocateFor(mlir::Value tile, tile::DotOp fused) override;
  /// The panel width in which the users of a tile read it best; 0: row-major.
  int64_t preferredPanel(llvm::ArrayRef<mlir::Value> tiles);
  void emitPoints(mlir::Value tile, const TileHome &destination) override;
  void copy(mlir::Value tile, const TileHome &from, const TileHome &to) override;
  /// Evaluates the tile, whose vectors run the other way than those of `destination`, in squares.
  void transposeInto(mlir::Value tile, const TileHome &destination);
  bool isTransposedInto(mlir::Value tile, const TileHome &destination);

  // ---- orientation
  void findDownTiles();
  bool isDown(mlir::Value tile) const override { return downTiles.contains(tile); }

  // ---- products
  DotSides sidesOf(tile::DotOp dot) const { return DotSides(dot, isDown(dot.getResult())); }
  TileHome lhsHome(tile::DotOp dot);
  TileHome rhsHome(tile::DotOp dot);
  TileHome packedRhs(mlir::Value tile, bool transposed);
  mlir::Value emitWide(mlir::Value tile, const TilePoint &point);
  void lowerStage(tile::StageOp stage) override;
  void prepareDot(tile::DotOp dot) override;
  bool dotReads(tile::DotOp dot, mlir::Value memref) override;
  bool isOnlyTriangularLhs(mlir::Value tile, tile::Triangle triangle);
  void emitDot(tile::DotOp dot, mlir::Value result, const TileHome &destination) override;
  void emitRegions(Product &product);
  void emitColumns(Product &product, mlir::Value panel, int64_t columns);
  void emitSkipped(Product &product);
  /// Hands a vector of the dot's result to the sink.
  void emitSunk(Product &product, mlir::Value accumulator, const TilePoint &point);
  /// Of the dot's result.
  TilePoint pointOf(const Product &product, const RegisterTile &tile, int64_t row, int64_t vector);
  void emitRegisterTile(Product &product, const RegisterTile &tile);
  void emitStep(Product &product, const RegisterTile &tile, mlir::Value k, int64_t firstRow, int64_t endRow,
                llvm::SmallVectorImpl<mlir::Value> &sums);
  llvm::SmallVector<mlir::Value> emitSteps(Product &product, const RegisterTile &tile, mlir::Value from,
                                           mlir::Value to, llvm::ArrayRef<mlir::Value> initial);
  /// What the next iteration of a loop loads.
  struct Ahead {
    TileHome home;
    int64_t rows, columns;
  };
  void planPrefetch(mlir::scf::ForOp loop, mlir::Value induction, mlir::Value end);
  void prefetchAhead(Product &product, const RegisterTile &tile);
  void emitDiagonal(Product &product, const RegisterTile &tile, llvm::SmallVectorImpl<mlir::Value> &sums);

  // ---- reductions and memory
  void fillPanelRest(tile::StoreOp store, const TileHome &home) override;
  void lowerReduce(tile::ReduceOp reduce) override;
  void reduceRows(tile::ReduceOp reduce, const TileHome &home, std::optional<TileHome> kept, int64_t lanes);
  void reduceRows(tile::ReduceOp reduce, const TileHome &home, std::optional<TileHome> kept, int64_t lanes,
                  mlir::Value row, int64_t count);
  void reduceColumns(tile::ReduceOp reduce, const TileHome &home, mlir::Value begin, int64_t count,
                     int64_t lanes);
  void lowerScan(tile::ScanOp scan) override;
  void lowerScatterAdd(tile::ScatterAddOp scatter) override;
  void addAt(const TileHome &home, const TilePoint &point, mlir::Value value);
  /// What the lanes of each vector combine to, as one value with a lane per vector.
  mlir::Value combineLanes(tile::Combine kind, llvm::SmallVector<mlir::Value> vectors);

  Blocking blocking;
  mlir::Block *entry = nullptr; // of the function: scratch is declared here
  llvm::DenseSet<mlir::Value> downTiles;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Ahead, 0>> ahead; // by the dot that asks for it
};

} // namespace rondo::codegen
