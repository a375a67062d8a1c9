// Where a tile lies in memory, and how vectors of it are read and written.
#pragma once

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"

namespace rondo::codegen {

/// Widest vector that the lowering forms; LLVM splits it where registers are narrower.
constexpr int64_t kLanes = 16;

/// A tile in a buffer or in scratch, as part of a matrix that is stored row-major or in panels
/// [columns / panel][rows][panel].
struct TileHome {
  mlir::Value memref;
  int64_t panel = 0;                         // 0: row-major
  llvm::SmallVector<mlir::Value, 2> offsets; // of the tile inside the matrix, one per dimension; empty: 0
  bool transposed = false;                   // element (i, j) of the tile is element (j, i) of the matrix
  int64_t step = 1;                          // distance of the tile's rows in a row-major matrix
  mlir::Value stride = nullptr;              // index: that distance if it is known at run time only
  mlir::Value rows = nullptr;                // index: the rows that exist, of that matrix's part; null: all

  TileHome transpose() const {
    TileHome home = *this;
    home.transposed = !transposed;
    return home;
  }
};

/// `count` elements of a tile from (row, column) on, in a vector of `lanes` (one lane: a scalar): those of
/// one row or, with `down`, of one column. `row` is null in one-dimensional tiles.
struct TilePoint {
  mlir::Value row;
  mlir::Value column;
  int64_t lanes = kLanes;
  int64_t count = kLanes;
  bool down = false;

  bool isMasked() const { return count < lanes; }
};

/// Emits index arithmetic and memory accesses at a builder's insertion point.
class TileAccess {
public:
  TileAccess(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b);
  mlir::Value multiply(mlir::Value a, int64_t b);
  mlir::Value divide(mlir::Value a, int64_t b);
  mlir::Value remainder(mlir::Value a, int64_t b);

  /// `element` as a scalar type, or as a vector of more than one lane.
  static mlir::Type typeFor(mlir::Type element, int64_t lanes);
  /// The constant `value` in all lanes.
  mlir::Value splat(mlir::TypedAttr value, int64_t lanes);
  /// Lanes below `count` are true.
  mlir::Value mask(int64_t count, int64_t lanes);

  /// Lanes at and beyond point.count, and rows that do not exist, are zero and stay unwritten. Vectors run
  /// down exactly the homes that are transposed.
  mlir::Value load(const TileHome &home, const TilePoint &point);
  void store(mlir::Value value, const TileHome &home, const TilePoint &point);
  /// Lanes below `first` keep what is there.
  void storeFrom(int64_t first, mlir::Value value, const TileHome &home, const TilePoint &point);
  void prefetch(const TileHome &home, const TilePoint &point, bool isWrite);
  /// One element, wherever the home lies.
  mlir::Value loadScalar(const TileHome &home, mlir::Value row, mlir::Value column);

  /// Of an element in the home's memref.
  llvm::SmallVector<mlir::Value, 3> indices(const TileHome &home, mlir::Value row, mlir::Value column);

private:
  /// Of the lanes of a vector at `point` those that exist; null: all.
  mlir::Value existing(const TileHome &home, const TilePoint &point, int64_t lanes);

  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace rondo::codegen
