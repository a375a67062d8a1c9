// Products: their operands' places, blocks of k, and the order of their register tiles.
//
// Per block of k: for each panel of columns, for each group of rows. The panel (depth x 32 values) stays in
// the first-level cache while the rows stream past it. Whatever the shape, each result is one chain of fused
// multiply-adds in ascending k.
//
// Loops that are fast, with the sum carried as `acc` (shares of the FMA peak on a Zen 5;
// bench/cpu/RESULTS.md):
//   y = x W^T    dot(x[rows, K], w[columns, K], transpose_b), W in panels: no copy, no loop;
//   dx = dy W    dot(dy[rows, nb], w[nb, columns], acc), W in panels: each block of W is transposed into
//   scratch
//                in squares of 16 x 16, which many rows should share: 64 rows 84 %, 128 and more 90 %, with
//                nb 128;
//   dW = dy^T x  dot(stage lhs dy[mb, rows], stage rhs x[mb, columns], acc, transpose_a), the sum stored to
//                panels or to a row-major buffer: into panels the product is computed as x^T dy, whose
//                vectors run along the panels' lanes. Regions of 128 x 256 and more 85 %, with mb 256.
#include "codegen/cpu/VectorLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace rondo::codegen {

static RankedTensorType typeOf(Value tile) { return cast<RankedTensorType>(tile.getType()); }

// Register tiles read vectors along the rows of a right operand.
static bool hasVectorRows(const TileHome &home) { return !home.transposed && home.panel % kLanes == 0; }

TileHome VectorLowering::lhsHome(tile::DotOp dot) {
  DotSides sides = sidesOf(dot);
  std::optional<TileHome> home = findHome(sides.lhs);
  if (!home)
    home = materialise(sides.lhs);
  return sides.lhsTransposed ? home->transpose() : *home;
}

TileHome VectorLowering::rhsHome(tile::DotOp dot) {
  DotSides sides = sidesOf(dot);
  Value b = sides.rhs;
  bool transposed = sides.rhsTransposed;
  if (auto home = packed.find({b, transposed}); home != packed.end())
    return home->second;
  std::optional<TileHome> home = findHome(b);
  if (!home && !transposed)
    home = materialise(b);
  if (home && transposed)
    home = home->transpose();
  return home && hasVectorRows(*home) ? *home : packedRhs(b, transposed);
}

bool VectorLowering::dotReads(tile::DotOp dot, Value memref) {
  return lhsHome(dot).memref == memref || rhsHome(dot).memref == memref;
}

void VectorLowering::prepareDot(tile::DotOp dot) {
  lhsHome(dot);
  rhsHome(dot);
  Value acc = dot.getAcc();
  if (!acc)
    return;
  prepare(acc, nullptr);
  bool down = isDown(dot.getResult());
  if (legalLanes(acc, down) == kLanes)
    return;
  // Register tiles start from whole vectors.
  RankedTensorType type = typeOf(acc);
  TileHome home = allocate(type.getShape(), type.getElementType(), down ? blocking.panel : 0, down);
  emitInto(acc, nullptr, home);
  homes[acc] = home;
}

void VectorLowering::emitDot(tile::DotOp dot, Value result, const TileHome &destination) {
  RankedTensorType type = typeOf(dot.getResult()), a = typeOf(dot.getA());
  bool down = isDown(dot.getResult());
  Product product{.dot = dot,
                  .down = down,
                  .result = result,
                  .destination = destination,
                  .lhs = lhsHome(dot),
                  .rhs = rhsHome(dot),
                  .m = type.getDimSize(down ? 1 : 0),
                  .n = type.getDimSize(down ? 0 : 1),
                  .k = a.getDimSize(dot.getTransposeA() ? 0 : 1)};
  product.from = access().index(0);
  product.to = access().index(product.k);
  if (product.hasTriangularResult()) {
    auto reader = product.isLower() ? tile::Triangle::LowerLhs : tile::Triangle::UpperLhs;
    if (!isOnlyTriangularLhs(result, reader))
      emitSkipped(product);
  }

  int64_t blocks = llvm::divideCeil(product.k, blocking.depth);
  if (blocks == 1 || product.m <= blocking.thinRows || product.hasTriangularLhs())
    return emitRegions(product);

  int64_t depth = llvm::alignTo(llvm::divideCeil(product.k, blocks), 8);
  bool isPlain = result == dot.getResult();
  product.partial =
      isPlain ? destination : allocate(type.getShape(), type.getElementType(), blocking.panel, down);
  product.accumulators = Accumulators::First;
  product.to = access().index(depth);
  emitRegions(product);

  product.accumulators = Accumulators::Middle;
  loop(depth, (blocks - 1) * depth, depth, [&](Value from) {
    product.from = from;
    product.to = access().add(from, depth);
    emitRegions(product);
  });
  product.accumulators = isPlain ? Accumulators::Middle : Accumulators::Last;
  product.from = access().index((blocks - 1) * depth);
  product.to = access().index(product.k);
  emitRegions(product);
}

// Whether nobody but left operands of such dots sees what is on the other side of the diagonal.
bool VectorLowering::isOnlyTriangularLhs(Value tile, tile::Triangle triangle) {
  return llvm::all_of(tile.getUses(), [&](OpOperand &use) {
    auto dot = dyn_cast<tile::DotOp>(use.getOwner());
    return dot && use.getOperandNumber() == 0 && !dot.getTransposeA() && dot.getTriangle() == triangle;
  });
}

// Panels side by side in one register tile of few rows: enough chains of additions to hide their latency, and
// accumulators within the registers.
static int64_t panelsForRows(int64_t rows) { return rows <= 2 ? 4 : 2; }

void VectorLowering::emitRegions(Product &product) {
  int64_t panels = product.n / blocking.panel, rest = product.n % blocking.panel;
  int64_t together = product.m <= blocking.thinRows ? panelsForRows(product.m) : 1;
  int64_t whole = panels - panels % together;
  loop(0, whole, together, [&](Value panel) { emitColumns(product, panel, together * blocking.panel); });
  if (whole < panels)
    emitColumns(product, access().index(whole), (panels - whole) * blocking.panel);
  if (rest)
    emitColumns(product, access().index(panels), rest);
}

void VectorLowering::emitColumns(Product &product, Value panel, int64_t columns) {
  int64_t whole = product.m - product.m % blocking.rows;
  auto group = [&](Value row) {
    emitRegisterTile(product, RegisterTile{row, blocking.rows, panel, columns});
  };
  // Rows of a triangle: from a whole panel's first on, or up to its last.
  bool isCut = product.triangle() == tile::Triangle::UpperResult && columns == blocking.panel;
  if (product.triangle() == tile::Triangle::LowerResult)
    loop(access().multiply(panel, blocking.panel), access().index(whole), blocking.rows, group);
  else if (isCut)
    loop(access().index(0), access().multiply(access().add(panel, 1), blocking.panel), blocking.rows, group);
  else
    loop(0, whole, blocking.rows, group);
  if (whole < product.m && !isCut)
    emitRegisterTile(product, RegisterTile{access().index(whole), product.m - whole, panel, columns});
}

// Beyond the panels that the diagonal crosses the sink sees zeros.
void VectorLowering::emitSkipped(Product &product) {
  loop(0, product.m, 1, [&](Value row) {
    Value own = access().divide(row, blocking.panel);
    Value first =
        product.isLower() ? access().multiply(access().add(own, 1), blocking.panel) : access().index(0);
    Value end = product.isLower() ? access().index(product.n - product.n % kLanes)
                                  : access().multiply(own, blocking.panel);
    loop(first, end, kLanes, [&](Value column) {
      emitSunk(product, access().splat(builder.getF32FloatAttr(0), kLanes),
               TilePoint{row, column, kLanes, kLanes});
    });
  });
  if (!product.isLower())
    return;
  if (int64_t rest = product.n % kLanes) { // of the last panel, which is computed from its own first row on
    int64_t computed = (product.n - 1) / blocking.panel * blocking.panel;
    loop(0, computed, 1, [&](Value row) {
      emitSunk(product, access().splat(builder.getF32FloatAttr(0), kLanes),
               TilePoint{row, access().index(product.n - rest), kLanes, rest});
    });
  }
}

void VectorLowering::emitSunk(Product &product, Value accumulator, const TilePoint &point) {
  Vectors done;
  done[product.dot.getResult()] = accumulator;
  storeTo(product.destination, emit(product.result, point, done), point);
}

} // namespace rondo::codegen
