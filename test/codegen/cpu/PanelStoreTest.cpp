// Stores to buffers in panels: whole and ragged, in parts, of expressions, carried sums and other tiles.
#include "test/codegen/cpu/KernelCase.h"

using namespace rondo;
using namespace rondo::test;

namespace {

constexpr const char *kPanels = "affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>";

// Element (n, k) of a matrix of `columns` columns stored in panels of 32 rows.
float panelAt(AlignedFloats &storage, int64_t columns, int64_t n, int64_t k) {
  return storage[(n / 32 * columns + k) * 32 + n % 32];
}

std::string withPanels(std::string text, std::vector<std::pair<std::string, int64_t>> numbers) {
  for (size_t at; (at = text.find("$PANELS")) != std::string::npos;)
    text.replace(at, 7, kPanels);
  return fillIn(text, std::move(numbers));
}

// A row-major tile and one that cannot be read down its columns: both are transposed on the way.
TEST(PanelStore, CopiesAndRotations) {
  for (int64_t rows : {1, 16, 40, 64}) {
    for (int64_t columns : {2, 6, 32, 50}) {
      AlignedFloats x = randomFloats(rows * columns, 1), y((rows + 31) / 32 * 32 * columns, NAN);
      AlignedFloats z((rows + 31) / 32 * 32 * columns, NAN);
      runKernel(withPanels(R"(
tile.kernel @k(%x: memref<$Rx$Cxf32>, %y: memref<$Rx$Cxf32, $PANELS>, %z: memref<$Rx$Cxf32, $PANELS>)
    writes [false, true, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %t = tile.load %x[%c0, %c0] : memref<$Rx$Cxf32> -> tensor<$Rx$Cxf32>
  tile.store %t, %y[%c0, %c0] : tensor<$Rx$Cxf32>, memref<$Rx$Cxf32, $PANELS>
  %r = tile.rotate_pairs halves %t width 2 : tensor<$Rx$Cxf32>
  %u = tile.load %y[%c0, %c0] : memref<$Rx$Cxf32, $PANELS> -> tensor<$Rx$Cxf32>
  %s = arith.addf %r, %u : tensor<$Rx$Cxf32>
  tile.store %s, %z[%c0, %c0] : tensor<$Rx$Cxf32>, memref<$Rx$Cxf32, $PANELS>
  tile.return
})",
                           {{"R", rows}, {"C", columns}}),
                {x.data(), y.data(), z.data()});
      for (int64_t i = 0; i < (rows + 31) / 32 * 32; ++i)
        for (int64_t j = 0; j < columns; ++j) {
          float value = i < rows ? x[i * columns + j] : 0;
          float rotated = i < rows ? (j % 2 ? x[i * columns + j - 1] : -x[i * columns + j + 1]) : 0;
          ASSERT_EQ(panelAt(y, columns, i, j), value) << rows << "x" << columns << " at " << i << ", " << j;
          ASSERT_EQ(panelAt(z, columns, i, j), rotated + value) << " at " << i << ", " << j;
        }
    }
  }
}

// An optimiser's step: elementwise on the storage, with a row's and a column's factor.
TEST(PanelStore, ElementwiseInPlace) {
  constexpr int64_t rows = 70, columns = 37;
  AlignedFloats w = randomFloats(96 * columns, 1), g = randomFloats(96 * columns, 2);
  AlignedFloats before = randomFloats(96 * columns, 1), r = randomFloats(rows, 3),
                c = randomFloats(columns, 4);
  runKernel(withPanels(R"(
tile.kernel @k(%w: memref<70x37xf32, $PANELS>, %g: memref<70x37xf32, $PANELS>, %r: memref<70xf32>, %c: memref<37xf32>)
    writes [true, false, false, false] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %old = tile.load %w[%c0, %c0] : memref<70x37xf32, $PANELS> -> tensor<70x37xf32>
  %step = tile.load %g[%c0, %c0] : memref<70x37xf32, $PANELS> -> tensor<70x37xf32>
  %rv = tile.load %r[%c0] : memref<70xf32> -> tensor<70xf32>
  %cv = tile.load %c[%c0] : memref<37xf32> -> tensor<37xf32>
  %rt = tile.broadcast %rv axis 1 : tensor<70xf32> -> tensor<70x37xf32>
  %ct = tile.broadcast %cv axis 0 : tensor<37xf32> -> tensor<70x37xf32>
  %n = tile.iota axis 0 : tensor<70x37xi32>
  %k = tile.iota axis 1 : tensor<70x37xi32>
  %below = arith.cmpi sge, %n, %k : tensor<70x37xi32>
  %a = arith.mulf %step, %rt : tensor<70x37xf32>
  %b = arith.mulf %step, %ct : tensor<70x37xf32>
  %d = arith.select %below, %a, %b : tensor<70x37xi1>, tensor<70x37xf32>
  %new = arith.subf %old, %d : tensor<70x37xf32>
  tile.store %new, %w[%c0, %c0] : tensor<70x37xf32>, memref<70x37xf32, $PANELS>
  tile.return
})",
                       {}),
            {w.data(), g.data(), r.data(), c.data()});
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      float step = panelAt(g, columns, i, j) * (i >= j ? r[i] : c[j]);
      ASSERT_NEAR(panelAt(w, columns, i, j), panelAt(before, columns, i, j) - step, 1e-6) << i << ", " << j;
    }
}

// The gradient of a weight: blocks of rows in a loop, a grid of regions, the last ones ragged, an epilogue.
TEST(PanelStore, CarriedProductInRegions) {
  constexpr int64_t m = 45, n = 110, k = 83;
  AlignedFloats dy = randomFloats(m * n, 1), x = randomFloats(m * k, 2), dw(128 * k, NAN);
  std::string body = R"(
      %zero = arith.constant dense<0.0> : tensor<$Nx83xf32>
      %sum = scf.for %t = %c0 to %c45 step %c15 iter_args(%acc = %zero) -> (tensor<$Nx83xf32>) {
        %a = tile.load %dy[%t, %row] : memref<45x110xf32> -> tensor<15x$Nxf32>
        %b = tile.load %x[%t, %c0] : memref<45x83xf32> -> tensor<15x83xf32>
        %as = tile.stage lhs %a : tensor<15x$Nxf32>
        %bs = tile.stage rhs %b : tensor<15x83xf32>
        %d = tile.dot %as, %bs, %acc {transpose_a} : tensor<15x$Nxf32>, tensor<15x83xf32>, tensor<$Nx83xf32> -> tensor<$Nx83xf32>
        scf.yield %d : tensor<$Nx83xf32>
      }
      %half = arith.constant dense<0.5> : tensor<$Nx83xf32>
      %e = arith.mulf %sum, %half : tensor<$Nx83xf32>
      tile.store %e, %dw[%row, %c0] : tensor<$Nx83xf32>, memref<110x83xf32, $PANELS>)";
  runKernel(withPanels(R"(
tile.kernel @k(%dy: memref<45x110xf32>, %x: memref<45x83xf32>, %dw: memref<110x83xf32, $PANELS>)
    writes [false, false, true] grid [2] ids(%i) {
  %c0 = arith.constant 0 : index
  %c45 = arith.constant 45 : index
  %c15 = arith.constant 15 : index
  %c64 = arith.constant 64 : index
  %row = arith.muli %i, %c64 : index
  %whole = arith.cmpi eq, %i, %c0 : index
  scf.if %whole {)" + fillIn(body, {{"N", 64}}) +
                           "\n} else {" + fillIn(body, {{"N", 46}}) + "\n}\ntile.return\n}",
                       {}),
            {dy.data(), x.data(), dw.data()}, 2);
  for (int64_t i = 0; i < 128; ++i)
    for (int64_t j = 0; j < k; ++j) {
      double sum = 0;
      for (int64_t t = 0; i < n && t < m; ++t)
        sum += double(dy[t * n + i]) * x[t * k + j];
      ASSERT_NEAR(panelAt(dw, k, i, j), 0.5 * sum, 1e-4) << i << ", " << j;
    }
}

} // namespace
