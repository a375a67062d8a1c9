// One dot on its way to register tiles.
#pragma once

#include "codegen/lowering/TileHome.h"
#include "dialects/tile/Tile.h"
#include "llvm/Support/MathExtras.h"

namespace rondo::codegen {

/// What a register tile's accumulators start from and become.
enum class Accumulators {
  Whole,  // start from the dot's acc, end in the sink's expression
  First,  // start from the dot's acc, end in `partial`
  Middle, // from `partial` to `partial`
  Last    // from `partial`, end in the sink's expression
};

/// The operands of a dot as register tiles see them: scalars of the left one, vectors of the right one. A
/// `down` dot is computed as the transpose of itself.
struct DotSides {
  mlir::Value lhs, rhs;
  bool lhsTransposed, rhsTransposed; // stored as [k][m], as [n][k]

  DotSides(tile::DotOp dot, bool down)
      : lhs(down ? dot.getB() : dot.getA()), rhs(down ? dot.getA() : dot.getB()),
        lhsTransposed(down ? !dot.getTransposeB() : dot.getTransposeA()),
        rhsTransposed(down ? !dot.getTransposeA() : dot.getTransposeB()) {}
};

struct Product {
  tile::DotOp dot = nullptr;
  bool down = false;            // m and n are columns and rows of the result
  mlir::Value result = nullptr; // what the sink wants: an expression around the dot's result
  TileHome destination = {};    // where it wants it
  TileHome lhs = {};            // as [m][k]
  TileHome rhs = {};            // as [k][n]
  TileHome partial = {};        // sums of the blocks of k so far
  int64_t m = 0, n = 0, k = 0;
  mlir::Value from = nullptr, to = nullptr; // the block of k at hand
  Accumulators accumulators = Accumulators::Whole;

  bool isLower() const {
    return triangle() == tile::Triangle::LowerResult || triangle() == tile::Triangle::LowerLhs;
  }
  bool hasTriangularResult() const {
    return triangle() == tile::Triangle::LowerResult || triangle() == tile::Triangle::UpperResult;
  }
  bool hasTriangularLhs() const {
    return triangle() == tile::Triangle::LowerLhs || triangle() == tile::Triangle::UpperLhs;
  }
  tile::Triangle triangle() const { return tile::DotOp(dot).getTriangle(); }

  bool startsFromPartial() const {
    return accumulators == Accumulators::Middle || accumulators == Accumulators::Last;
  }
  bool endsInPartial() const {
    return accumulators == Accumulators::First || accumulators == Accumulators::Middle;
  }
};

/// One register tile of a product: some rows, and columns that start at a panel.
struct RegisterTile {
  mlir::Value row;
  int64_t rows;
  mlir::Value panel; // index of the first
  int64_t columns;

  int64_t vectors() const { return llvm::divideCeil(columns, kLanes); }
  /// Elements of vector `v` that exist.
  int64_t count(int64_t v) const { return std::min(kLanes, columns - v * kLanes); }
};

} // namespace rondo::codegen
