// Products against double: every operand form at odd sizes, and the promise that the shape changes no bit.
#include "test/codegen/cpu/KernelCase.h"

#include <bit>
#include <cstring>

using namespace rondo;
using namespace rondo::test;

namespace {

struct Form {
  int64_t m, n, k;
  bool transposeA = false, transposeB = false, stageA = false, stageB = false, acc = false, panels = false;
  const char *triangle = "full";
  bool panelResult = false; // written to panels of 32 rows
  bool bf16 = false;        // operands are rounded before they are multiplied
};

std::ostream &operator<<(std::ostream &out, const Form &f) {
  return out << f.m << "x" << f.n << "x" << f.k << (f.transposeA ? " A^T" : "")
             << (f.transposeB ? " B^T" : "") << (f.stageA ? " staged A" : "") << (f.stageB ? " staged B" : "")
             << (f.acc ? " acc" : "") << (f.panels ? " panels" : "") << " " << f.triangle
             << (f.panelResult ? " into panels" : "") << (f.bf16 ? " bf16" : "");
}

std::string dims(int64_t rows, int64_t columns) {
  return std::to_string(rows) + "x" + std::to_string(columns) + "xf32";
}

std::string dotKernel(const Form &f) {
  std::string a = f.transposeA ? dims(f.k, f.m) : dims(f.m, f.k),
              b = f.transposeB ? dims(f.n, f.k) : dims(f.k, f.n);
  std::string c = dims(f.m, f.n);
  constexpr const char *panels = ", affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>";
  std::string map = f.panels ? panels : "", resultMap = f.panelResult ? panels : "";
  std::string body = "%a = tile.load %A[%c0, %c0] : memref<" + a + "> -> tensor<" + a + ">\n" +
                     "%b = tile.load %B[%c0, %c0] : memref<" + b + map + "> -> tensor<" + b + ">\n" +
                     "%c = tile.load %C[%c0, %c0] : memref<" + c + "> -> tensor<" + c + ">\n";
  if (f.stageA)
    body += "%sa = tile.stage lhs %a : tensor<" + a + ">\n";
  if (f.stageB)
    body += "%sb = tile.stage rhs %b : tensor<" + b + ">\n";
  body += std::string("%d = tile.dot ") + (f.stageA ? "%sa" : "%a") + ", " + (f.stageB ? "%sb" : "%b") +
          (f.acc ? ", %c" : "") + " {triangle = #tile.triangle<" + f.triangle + ">" +
          (f.bf16 ? ", precision = #tile.precision<bf16>" : "") + (f.transposeA ? ", transpose_a" : "") +
          (f.transposeB ? ", transpose_b" : "") + "} : tensor<" + a + ">, tensor<" + b + ">" +
          (f.acc ? ", tensor<" + c + ">" : "") + " -> tensor<" + c + ">\n" +
          "tile.store %d, %D[%c0, %c0] : tensor<" + c + ">, memref<" + c + resultMap + ">\n";
  return kernelText("%A: memref<" + a + ">, %B: memref<" + b + map + ">, %C: memref<" + c + ">, %D: memref<" +
                        c + resultMap + ">",
                    "false, false, false, true", body);
}

// To nearest, ties to even; of finite values.
float roundedToBf16(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  bits += 0x7fff + (bits >> 16 & 1);
  return std::bit_cast<float>(bits & 0xffff0000u);
}

// Where element (n, k) of a matrix in panels lies, and its size with the rest of the last panel.
int64_t panelIndex(int64_t columns, int64_t n, int64_t k) { return (n / 32 * columns + k) * 32 + n % 32; }
int64_t panelSize(int64_t rows, int64_t columns) { return (rows + 31) / 32 * 32 * columns; }

void checkDot(const Form &f, const target::Target &target = hostTarget()) {
  SCOPED_TRACE(::testing::Message() << f << " for " << target.name);
  AlignedFloats a = randomFloats(f.m * f.k, 1), b(std::max(panelSize(f.n, f.k), panelSize(f.k, f.n)));
  AlignedFloats c = randomFloats(f.m * f.n, 3);
  AlignedFloats random = randomFloats(f.n * f.k, 2), d(panelSize(f.m, f.n), NAN);
  auto bAt = [&](int64_t k, int64_t n) -> float & {
    int64_t row = f.transposeB ? n : k, column = f.transposeB ? k : n, columns = f.transposeB ? f.k : f.n;
    return b[f.panels ? panelIndex(columns, row, column) : row * columns + column];
  };
  auto operand = [&](float value) { return f.bf16 ? roundedToBf16(value) : value; };
  auto dAt = [&](int64_t i, int64_t j) { return d[f.panelResult ? panelIndex(f.n, i, j) : i * f.n + j]; };
  for (int64_t n = 0; n < f.n; ++n)
    for (int64_t k = 0; k < f.k; ++k)
      bAt(k, n) = random[n * f.k + k];
  std::string triangle = f.triangle;
  bool hasTriangularLhs = triangle == "lower_lhs" || triangle == "upper_lhs";
  auto isBeyond = [&](int64_t row, int64_t column) { // of the diagonal
    return triangle[0] == 'l' ? column > row : triangle[0] == 'u' && column < row;
  };
  for (int64_t i = 0; hasTriangularLhs && i < f.m; ++i) // never used
    for (int64_t k = 0; k < f.k; ++k)
      if (isBeyond(i, k))
        a[f.transposeA ? k * f.m + i : i * f.k + k] = NAN;
  runKernel(dotKernel(f), {a.data(), b.data(), c.data(), d.data()}, 1, target);
  for (int64_t i = 0; i < f.m; ++i) {
    for (int64_t j = 0; j < f.n; ++j) {
      if (!hasTriangularLhs && isBeyond(i, j)) {
        ASSERT_TRUE(std::isfinite(dAt(i, j)));
        continue;
      }
      double sum = f.acc ? c[i * f.n + j] : 0, terms = std::abs(sum);
      for (int64_t k = 0; k < f.k; ++k) {
        if (hasTriangularLhs && isBeyond(i, k))
          continue;
        double term = double(operand(a[f.transposeA ? k * f.m + i : i * f.k + k])) * operand(bAt(k, j));
        sum += term;
        terms += std::abs(term);
      }
      double bound = (4 + 0.5 * std::sqrt(double(f.k))) * 0x1p-24 * terms;
      ASSERT_NEAR(dAt(i, j), sum, bound) << "at " << i << ", " << j;
    }
  }
  for (int64_t i = f.m; f.panelResult && i < (f.m + 31) / 32 * 32; ++i)
    for (int64_t j = 0; j < f.n; ++j)
      ASSERT_EQ(dAt(i, j), 0) << "beyond the rows at " << i << ", " << j;
}

TEST(Dot, ThinAndOddRows) {
  for (int64_t m = 1; m <= 9; ++m)
    checkDot({.m = m, .n = 70, .k = 33, .transposeB = true, .acc = m % 2 == 0, .panels = true});
  checkDot({.m = 1, .n = 1, .k = 1});
  checkDot({.m = 1, .n = 300, .k = 65, .transposeB = true, .panels = true});
  checkDot({.m = 3, .n = 160, .k = 7});
}

TEST(Dot, EveryOperandForm) {
  for (int form = 0; form < 16; ++form)
    checkDot({.m = 21,
              .n = 45,
              .k = 19,
              .transposeA = (form & 1) != 0,
              .transposeB = (form & 2) != 0,
              .stageA = (form & 4) != 0,
              .stageB = (form & 8) != 0,
              .acc = form % 3 == 0});
}

TEST(Dot, EveryOperandFormIntoPanels) {
  for (int form = 0; form < 32; ++form)
    checkDot({.m = 53,
              .n = 45,
              .k = 19,
              .transposeA = (form & 1) != 0,
              .transposeB = (form & 2) != 0,
              .stageA = (form & 4) != 0,
              .stageB = (form & 8) != 0,
              .acc = form % 3 == 0,
              .panels = (form & 16) != 0,
              .panelResult = true});
  for (int64_t m : {1, 7, 16, 31, 32, 33, 64, 90})
    checkDot({.m = m, .n = m % 7 + 2, .k = 300, .transposeA = true, .acc = m % 2 == 0, .panelResult = true});
}

// The gradient of a layer's input: weights in panels, read the other way round.
TEST(Dot, PanelsUntransposed) {
  for (int64_t size : {1, 5, 16, 17, 32, 61, 96})
    checkDot({.m = size % 9 + 1, .n = 50 + size, .k = size, .acc = true, .panels = true});
  checkDot({.m = 21, .n = 45, .k = 600, .stageB = true, .panels = true});
}

TEST(Dot, RandomSizes) {
  std::mt19937 generator(7);
  for (int i = 0; i < 12; ++i) {
    auto size = [&] { return int64_t(1 + generator() % 70); };
    Form f{.m = size(), .n = size(), .k = size()};
    f.transposeA = generator() % 2;
    f.transposeB = generator() % 2;
    f.stageB = generator() % 2;
    f.acc = generator() % 2;
    checkDot(f);
  }
}

TEST(Dot, OperandsRoundedToBf16) {
  for (int form = 0; form < 32; ++form)
    checkDot({.m = 1 + form % 21,
              .n = 45,
              .k = 19 + form,
              .transposeA = (form & 1) != 0,
              .transposeB = (form & 2) != 0,
              .stageA = (form & 4) != 0,
              .stageB = (form & 8) != 0,
              .acc = form % 3 == 0,
              .panels = (form & 16) != 0,
              .bf16 = true});
  checkDot({.m = 9, .n = 33, .k = 600, .transposeB = true, .panels = true, .bf16 = true});
  checkDot({.m = 40, .n = 40, .k = 13, .transposeB = true, .triangle = "lower_result", .bf16 = true});
  checkDot({.m = 40, .n = 37, .k = 40, .acc = true, .triangle = "lower_lhs", .bf16 = true});
}

TEST(Dot, BlocksOfK) {
  checkDot({.m = 17, .n = 40, .k = 700, .transposeB = true, .acc = true, .panels = true});
  checkDot({.m = 9, .n = 33, .k = 257, .stageB = true});
  checkDot({.m = 2, .n = 64, .k = 900, .transposeB = true, .panels = true});
}

TEST(Dot, Triangles) {
  for (int64_t size : {1, 20, 64, 101}) {
    for (bool lower : {true, false}) {
      const char *result = lower ? "lower_result" : "upper_result", *lhs = lower ? "lower_lhs" : "upper_lhs";
      checkDot({.m = size, .n = size, .k = 13, .transposeB = true, .stageB = true, .triangle = result});
      checkDot({.m = size, .n = 37, .k = size, .acc = true, .triangle = lhs});
      checkDot({.m = size, .n = size, .k = 300, .transposeA = true, .acc = true, .triangle = result});
      checkDot({.m = size, .n = 19, .k = size, .transposeA = true, .triangle = lhs, .panelResult = true});
    }
  }
}

// The same kernels on narrower machines: AVX2 runs wherever AVX-512 does.
TEST(Dot, EveryTargetOfThisMachine) {
  for (const char *name : {"cpu:x86-64-v3", "cpu:x86-64-v4", "cpu:znver4"}) {
    target::Target target = *target::findTarget(name);
    if (target.vectorLanes > hostTarget().vectorLanes)
      continue;
    checkDot({.m = 13, .n = 45, .k = 300, .transposeB = true, .acc = true, .panels = true}, target);
    checkDot({.m = 21, .n = 35, .k = 19, .transposeA = true, .stageA = true, .stageB = true}, target);
    checkDot({.m = 1, .n = 300, .k = 65, .transposeB = true, .panels = true}, target);
    checkDot({.m = 13, .n = 45, .k = 19, .stageA = true, .stageB = true, .bf16 = true}, target);
  }
}

// A row alone and the same row in company, in blocks of k and without: one chain of additions.
TEST(Dot, ShapeChangesNoBit) {
  constexpr int64_t n = 96, k = 700, most = 19;
  AlignedFloats x = randomFloats(most * k, 1), w = randomFloats(n * k, 2), c(most * n), all(most * n);
  auto run = [&](int64_t m, float *a, float *d) {
    runKernel(dotKernel({.m = m, .n = n, .k = k, .transposeB = true, .panels = true}),
              {a, w.data(), c.data(), d});
  };
  run(most, x.data(), all.data());
  for (int64_t m : {1, 2, 4, 7, 8}) {
    AlignedFloats some(m * n);
    AlignedFloats rows(m * k);
    std::copy_n(x.data() + (most - m) * k, m * k, rows.data());
    run(m, rows.data(), some.data());
    EXPECT_EQ(std::memcmp(some.data(), all.data() + (most - m) * n, m * n * sizeof(float)), 0)
        << m << " rows";
  }
}

// y = silu(x w + b) + y, in place: the sink's expression runs on the accumulators.
TEST(Dot, EpilogueInPlace) {
  constexpr int64_t m = 13, n = 40, k = 300;
  AlignedFloats x = randomFloats(m * k, 1), w = randomFloats(k * n, 2), bias = randomFloats(n, 3);
  AlignedFloats y = randomFloats(m * n, 4), before = randomFloats(m * n, 4);
  std::string body = R"(
    %a = tile.load %X[%c0, %c0] : memref<13x300xf32> -> tensor<13x300xf32>
    %b = tile.load %W[%c0, %c0] : memref<300x40xf32> -> tensor<300x40xf32>
    %v = tile.load %B[%c0] : memref<40xf32> -> tensor<40xf32>
    %old = tile.load %Y[%c0, %c0] : memref<13x40xf32> -> tensor<13x40xf32>
    %d = tile.dot %a, %b : tensor<13x300xf32>, tensor<300x40xf32> -> tensor<13x40xf32>
    %v2 = tile.broadcast %v axis 0 : tensor<40xf32> -> tensor<13x40xf32>
    %z = arith.addf %d, %v2 : tensor<13x40xf32>
    %one = arith.constant dense<1.0> : tensor<13x40xf32>
    %neg = arith.negf %z : tensor<13x40xf32>
    %e = math.exp %neg : tensor<13x40xf32>
    %e1 = arith.addf %e, %one : tensor<13x40xf32>
    %s = arith.divf %z, %e1 : tensor<13x40xf32>
    %r = arith.addf %s, %old : tensor<13x40xf32>
    tile.store %r, %Y[%c0, %c0] : tensor<13x40xf32>, memref<13x40xf32>)";
  runKernel(
      kernelText("%X: memref<13x300xf32>, %W: memref<300x40xf32>, %B: memref<40xf32>, %Y: memref<13x40xf32>",
                 "false, false, false, true", body),
      {x.data(), w.data(), bias.data(), y.data()});
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double z = bias[j];
      for (int64_t l = 0; l < k; ++l)
        z += double(x[i * k + l]) * w[l * n + j];
      ASSERT_NEAR(y[i * n + j], z / (1 + std::exp(-z)) + before[i * n + j], 1e-4);
    }
  }
}

} // namespace
