// Shorthand for the tile, arith and math ops that kernel bodies are made of.
#pragma once

#include "dialects/tile/Tile.h"

namespace rondo {

// Builds at the insertion point that `builder` has at each call. Tiles are ranked tensors; where two tiles
// meet, their types are equal.
class TileArithmetic {
public:
  TileArithmetic(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  // Index arithmetic; constants fold. `dividedBy` takes what is not negative; the others round towards minus
  // and plus infinity, and a remainder is that of floorDividedBy. Divisors are positive.
  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value times(mlir::Value a, mlir::Value factor);
  mlir::Value times(mlir::Value a, int64_t factor) { return times(a, index(factor)); }
  mlir::Value dividedBy(mlir::Value a, mlir::Value divisor);
  mlir::Value dividedBy(mlir::Value a, int64_t divisor) { return dividedBy(a, index(divisor)); }
  mlir::Value floorDividedBy(mlir::Value a, mlir::Value divisor);
  mlir::Value floorDividedBy(mlir::Value a, int64_t divisor) { return floorDividedBy(a, index(divisor)); }
  mlir::Value ceilDividedBy(mlir::Value a, mlir::Value divisor);
  mlir::Value ceilDividedBy(mlir::Value a, int64_t divisor) { return ceilDividedBy(a, index(divisor)); }
  mlir::Value remainder(mlir::Value a, mlir::Value divisor);
  mlir::Value remainder(mlir::Value a, int64_t divisor) { return remainder(a, index(divisor)); }
  mlir::Value minI(mlir::Value a, mlir::Value b); // signed integers or indices, scalars or tiles
  mlir::Value maxI(mlir::Value a, mlir::Value b);
  mlir::Value clamp(mlir::Value a, int64_t low, int64_t high);
  mlir::Value toIndex(mlir::Value integer); // a scalar i32 or i64, signed
  mlir::Value fromIndex(mlir::Value index, unsigned bits);

  // Scalars and tiles out of buffers, and constants.
  mlir::Value scalar(mlir::Value buffer, mlir::ValueRange offsets);
  mlir::Value load(mlir::Value buffer, mlir::ValueRange offsets, llvm::ArrayRef<int64_t> shape);
  // Rows that lie `step` (an index value) apart in a row-major buffer of two dimensions, of which the first
  // `rows` exist (an index value; null: all): the others are loaded as zeros and not stored, and their memory
  // is not touched.
  mlir::Value loadRows(mlir::Value buffer, mlir::ValueRange offsets, llvm::ArrayRef<int64_t> shape,
                       mlir::Value step, mlir::Value rows = nullptr);
  void storeRows(mlir::Value tile, mlir::Value buffer, mlir::ValueRange offsets, mlir::Value step,
                 mlir::Value rows = nullptr);
  mlir::Value floats(double value, llvm::ArrayRef<int64_t> shape); // infinities too
  mlir::Value integers(int64_t value, llvm::ArrayRef<int64_t> shape, unsigned bits);
  mlir::Value iota(int64_t axis, llvm::ArrayRef<int64_t> shape, unsigned bits);

  // Shapes. `column` repeats [rows] over columns, `row` repeats [columns] over rows, `fill` repeats a scalar
  // or a one-element tile.
  mlir::Value reshape(mlir::Value tile, llvm::ArrayRef<int64_t> shape);
  mlir::Value column(mlir::Value tile, int64_t columns);
  mlir::Value row(mlir::Value tile, int64_t rows);
  mlir::Value fill(mlir::Value source, llvm::ArrayRef<int64_t> shape);
  mlir::Value transpose(mlir::Value tile);
  mlir::Value reduce(tile::Combine kind, mlir::Value tile, int64_t axis);
  mlir::Value scan(tile::Combine kind, mlir::Value tile, int64_t axis);

  // Elementwise on tiles of f32 (addF, fma, ...) or integers.
  mlir::Value addF(mlir::Value a, mlir::Value b);
  mlir::Value subF(mlir::Value a, mlir::Value b);
  mlir::Value mulF(mlir::Value a, mlir::Value b);
  mlir::Value divF(mlir::Value a, mlir::Value b);
  mlir::Value maxF(mlir::Value a, mlir::Value b);
  mlir::Value minF(mlir::Value a, mlir::Value b);
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  mlir::Value exp(mlir::Value a);
  mlir::Value log(mlir::Value a);
  mlir::Value addI(mlir::Value a, mlir::Value b);
  mlir::Value subI(mlir::Value a, mlir::Value b);
  mlir::Value mulI(mlir::Value a, mlir::Value b);
  mlir::Value andI(mlir::Value a, mlir::Value b);
  mlir::Value orI(mlir::Value a, mlir::Value b);
  mlir::Value equal(mlir::Value a, mlir::Value b);
  mlir::Value less(mlir::Value a, mlir::Value b);        // signed integers or indices
  mlir::Value lessOrEqual(mlir::Value a, mlir::Value b); // signed integers or indices
  mlir::Value widen(mlir::Value a, unsigned bits);       // unsigned: an i1 becomes 0 or 1
  mlir::Value toFloat(mlir::Value a);                    // from signed integers
  // The condition is an i1 scalar or tile.
  mlir::Value select(mlir::Value condition, mlir::Value whenTrue, mlir::Value whenFalse);
  mlir::Value selectOrZero(mlir::Value condition, mlir::Value whenTrue);

  mlir::Value dot(mlir::Value a, mlir::Value b, mlir::Value acc = {}, bool transposeA = false,
                  bool transposeB = false, tile::Triangle triangle = tile::Triangle::Full);
  mlir::Value stage(tile::Side side, mlir::Value tile);

  static llvm::ArrayRef<int64_t> shapeOf(mlir::Value tile);

private:
  mlir::Value splat(mlir::TypedAttr element, llvm::ArrayRef<int64_t> shape);

  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace rondo
