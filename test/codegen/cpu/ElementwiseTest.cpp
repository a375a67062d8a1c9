// Elementwise tiles, reductions, scans, gathers and scatters against plain references at odd sizes.
#include "test/codegen/cpu/KernelCase.h"

using namespace rondo;
using namespace rondo::test;

namespace {

// y = op(x) on 3 rows of `columns`.
AlignedFloats apply(const std::string &op, AlignedFloats &x, int64_t columns) {
  AlignedFloats y(x.size(), NAN);
  std::string body = fillIn("%x = tile.load %X[%c0, %c0] : memref<3x$Nxf32> -> tensor<3x$Nxf32>\n" + op +
                                "tile.store %y, %Y[%c0, %c0] : tensor<3x$Nxf32>, memref<3x$Nxf32>",
                            {{"N", columns}});
  runKernel(
      kernelText(fillIn("%X: memref<3x$Nxf32>, %Y: memref<3x$Nxf32>", {{"N", columns}}), "false, true", body),
      {x.data(), y.data()});
  return y;
}

void checkMath(const char *name, double (*reference)(double), double low, double high, double ulps) {
  constexpr int64_t columns = 1001;
  AlignedFloats x(3 * columns);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] =
        static_cast<float>(low + (high - low) * static_cast<double>(i) / static_cast<double>(x.size() - 1));
  AlignedFloats y = apply(std::string("%y = math.") + name + " %x : tensor<3x$Nxf32>\n", x, columns);
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    double expected = reference(x[i]);
    double ulp = std::max(std::ldexp(1.0, std::ilogb(expected == 0 ? 1e-45 : expected) - 23), 0x1p-149);
    worst = std::max(worst, std::abs(y[i] - expected) / ulp);
  }
  EXPECT_LE(worst, ulps) << name << " on [" << low << ", " << high << "]";
}

TEST(Math, WithinTwoUlp) {
  checkMath("exp", std::exp, -103, 88.7, 2);
  checkMath("exp", std::exp, -1, 1, 2);
  checkMath("log", std::log, 1e-40, 1e-37, 2);
  checkMath("log", std::log, 0.4, 3, 2);
  checkMath("log", std::log, 3, 1e30, 2);
  checkMath("tanh", std::tanh, -10, 10, 2);
  checkMath("tanh", std::tanh, -0.7, 0.7, 2);
  checkMath("erf", std::erf, -5, 5, 2);
  checkMath("rsqrt", [](double x) { return 1 / std::sqrt(x); }, 1e-6, 100, 2);
}

TEST(Math, SinAndCosAbsolutely) {
  for (const char *name : {"sin", "cos"}) {
    AlignedFloats x = randomFloats(3 * 500, 5);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] *= i % 2 ? 3.0f : 30000.0f;
    AlignedFloats y = apply(std::string("%y = math.") + name + " %x : tensor<3x$Nxf32>\n", x, 500);
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_NEAR(y[i], name[0] == 's' ? std::sin(double(x[i])) : std::cos(double(x[i])), 0x1p-23)
          << name << x[i];
  }
}

TEST(Math, SpecialValues) {
  constexpr float inf = INFINITY;
  AlignedFloats x(3 * 5);
  float values[] = {-inf, inf, NAN, 0.0f, -0.0f};
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = values[i % 5];
  auto check = [&](const char *name, float (*reference)(float)) {
    AlignedFloats y = apply(std::string("%y = math.") + name + " %x : tensor<3x$Nxf32>\n", x, 5);
    for (size_t i = 0; i < x.size(); ++i) {
      float expected = reference(x[i]);
      if (std::isnan(expected))
        EXPECT_TRUE(std::isnan(y[i])) << name << " of " << x[i];
      else
        EXPECT_EQ(y[i], expected) << name << " of " << x[i];
    }
  };
  check("exp", std::exp);
  check("log", std::log);
  check("tanh", std::tanh);
  check("erf", std::erf);
}

TEST(Tiles, RotateRepeatReshape) {
  for (int64_t width : {2, 6, 16, 32}) {
    int64_t columns = width * 3;
    for (const char *pairs : {"interleaved", "halves"}) {
      AlignedFloats x = randomFloats(3 * columns, 1);
      AlignedFloats y = apply(std::string("%y = tile.rotate_pairs ") + pairs + " %x width " +
                                  std::to_string(width) + " : tensor<3x$Nxf32>\n",
                              x, columns);
      bool halves = pairs[0] == 'h';
      for (int64_t i = 0; i < 3 * columns; ++i) {
        int64_t c = i % width, half = halves ? width / 2 : 1;
        bool first = halves ? c < half : c % 2 == 0;
        ASSERT_EQ(y[i], first ? -x[i + half] : x[i - half]) << pairs << width << " at " << i;
      }
    }
  }
  AlignedFloats x = randomFloats(3 * 20, 1), y(3 * 40), z(15 * 4);
  runKernel(
      kernelText("%X: memref<3x20xf32>, %Y: memref<3x40xf32>, %Z: memref<15x4xf32>", "false, true, true", R"(
    %x = tile.load %X[%c0, %c0] : memref<3x20xf32> -> tensor<3x20xf32>
    %r = tile.repeat %x : tensor<3x20xf32> -> tensor<3x40xf32>
    tile.store %r, %Y[%c0, %c0] : tensor<3x40xf32>, memref<3x40xf32>
    %s = tile.reshape %x : tensor<3x20xf32> -> tensor<15x4xf32>
    tile.store %s, %Z[%c0, %c0] : tensor<15x4xf32>, memref<15x4xf32>)"),
      {x.data(), y.data(), z.data()});
  for (int64_t i = 0; i < 120; ++i)
    ASSERT_EQ(y[i], x[i / 40 * 20 + i % 20]);
  for (int64_t i = 0; i < 60; ++i)
    ASSERT_EQ(z[i], x[i]);
}

TEST(Tiles, TransposeIntoRowsAndPanels) {
  constexpr int64_t rows = 37, columns = 52; // whole squares of 16, and tails both ways
  AlignedFloats x = randomFloats(rows * columns, 1), y(columns * rows), z(64 * rows);
  runKernel(kernelText("%X: memref<37x52xf32>, %Y: memref<52x37xf32>, "
                       "%Z: memref<52x37xf32, affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>>",
                       "false, true, true", R"(
    %x = tile.load %X[%c0, %c0] : memref<37x52xf32> -> tensor<37x52xf32>
    %t = tile.transpose %x : tensor<37x52xf32> -> tensor<52x37xf32>
    %u = arith.addf %t, %t : tensor<52x37xf32>
    tile.store %u, %Y[%c0, %c0] : tensor<52x37xf32>, memref<52x37xf32>
    tile.store %t, %Z[%c0, %c0] : tensor<52x37xf32>, memref<52x37xf32, affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>>)"),
            {x.data(), y.data(), z.data()});
  for (int64_t i = 0; i < columns; ++i)
    for (int64_t j = 0; j < rows; ++j) {
      ASSERT_EQ(y[i * rows + j], 2 * x[j * columns + i]) << i << ", " << j;
      ASSERT_EQ(z[(i / 32 * rows + j) * 32 + i % 32], x[j * columns + i]) << i << ", " << j;
    }
}

TEST(Tiles, ReduceAndScan) {
  for (int64_t columns : {1, 5, 16, 37, 64}) {
    AlignedFloats x = randomFloats(7 * columns, 1), sums(7), tops(columns), running(7 * columns),
                  along(7 * columns);
    runKernel(kernelText(
                  fillIn("%X: memref<7x$Nxf32>, %S: memref<7xf32>, %M: memref<$Nxf32>, %R: memref<7x$Nxf32>, "
                         "%A: memref<7x$Nxf32>",
                         {{"N", columns}}),
                  "false, true, true, true, true",
                  fillIn(R"(
      %x = tile.load %X[%c0, %c0] : memref<7x$Nxf32> -> tensor<7x$Nxf32>
      %s = tile.reduce add %x axis 1 : tensor<7x$Nxf32> -> tensor<7xf32>
      tile.store %s, %S[%c0] : tensor<7xf32>, memref<7xf32>
      %m = tile.reduce max %x axis 0 : tensor<7x$Nxf32> -> tensor<$Nxf32>
      tile.store %m, %M[%c0] : tensor<$Nxf32>, memref<$Nxf32>
      %r = tile.scan add %x axis 0 : tensor<7x$Nxf32>
      tile.store %r, %R[%c0, %c0] : tensor<7x$Nxf32>, memref<7x$Nxf32>
      %a = tile.scan max %x axis 1 : tensor<7x$Nxf32>
      tile.store %a, %A[%c0, %c0] : tensor<7x$Nxf32>, memref<7x$Nxf32>)",
                         {{"N", columns}})),
              {x.data(), sums.data(), tops.data(), running.data(), along.data()});
    for (int64_t i = 0; i < 7; ++i) {
      double sum = 0;
      float top = -INFINITY;
      for (int64_t j = 0; j < columns; ++j) {
        sum += x[i * columns + j];
        top = std::max(top, x[i * columns + j]);
        ASSERT_EQ(along[i * columns + j], top);
        float column = 0, highest = -INFINITY;
        for (int64_t l = 0; l < 7; ++l) {
          column += l <= i ? x[l * columns + j] : 0;
          highest = std::max(highest, x[l * columns + j]);
        }
        ASSERT_FLOAT_EQ(running[i * columns + j], column);
        ASSERT_EQ(tops[j], highest);
      }
      ASSERT_NEAR(sums[i], sum, 1e-4);
    }
  }
}

TEST(Tiles, GatherFromRowsAndPanelsScatterInOrder) {
  constexpr int64_t words = 40, width = 21;
  AlignedFloats table = randomFloats(words * width, 1), panels(64 * width), sum(words * width),
                out(4 * width);
  for (int64_t n = 0; n < words; ++n)
    for (int64_t k = 0; k < width; ++k)
      panels[(n / 32 * width + k) * 32 + n % 32] = table[n * width + k];
  int32_t rows[16] = {39, 2, 2, 33};
  runKernel(
      kernelText(
          "%W: memref<40x21xf32, affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>>, %V: memref<40x21xf32>, "
          "%I: memref<4xi32>, %S: memref<40x21xf32>, %O: memref<4x21xf32>",
          "false, false, false, true, true", R"(
    %i = tile.load %I[%c0] : memref<4xi32> -> tensor<4xi32>
    %g = tile.gather %W[%i, %c0] : memref<40x21xf32, affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>>, tensor<4xi32> -> tensor<4x21xf32>
    %h = tile.gather %V[%i, %c0] : memref<40x21xf32>, tensor<4xi32> -> tensor<4x21xf32>
    %d = arith.addf %g, %h : tensor<4x21xf32>
    tile.store %d, %O[%c0, %c0] : tensor<4x21xf32>, memref<4x21xf32>
    tile.scatter_add %h, %S[%i, %c0] : tensor<4x21xf32>, memref<40x21xf32>, tensor<4xi32>)"),
      {panels.data(), table.data(), rows, sum.data(), out.data()});
  for (int64_t i = 0; i < 4; ++i)
    for (int64_t j = 0; j < width; ++j)
      ASSERT_EQ(out[i * width + j], 2 * table[rows[i] * width + j]);
  for (int64_t j = 0; j < width; ++j) {
    ASSERT_EQ(sum[2 * width + j], 2 * table[2 * width + j]);
    ASSERT_EQ(sum[33 * width + j], table[33 * width + j]);
    ASSERT_EQ(sum[j], 0);
  }
}

// Integers, masks and selects: 1 where row >= column, else 0, by way of a kept i1 tile.
TEST(Tiles, IntegersAndMasks) {
  AlignedFloats y(20 * 20);
  runKernel(kernelText("%Y: memref<20x20xf32>", "true", R"(
    %r = tile.iota axis 0 : tensor<20x20xi32>
    %c = tile.iota axis 1 : tensor<20x20xi32>
    %m = arith.cmpi sge, %r, %c : tensor<20x20xi32>
    %one = arith.constant dense<1.0> : tensor<20x20xf32>
    %zero = arith.constant dense<0.0> : tensor<20x20xf32>
    %s = arith.select %m, %one, %zero : tensor<20x20xi1>, tensor<20x20xf32>
    %two = arith.constant dense<3> : tensor<20x20xi32>
    %q = arith.divsi %r, %two : tensor<20x20xi32>
    %f = arith.sitofp %q : tensor<20x20xi32> to tensor<20x20xf32>
    %t = arith.addf %s, %f : tensor<20x20xf32>
    tile.store %t, %Y[%c0, %c0] : tensor<20x20xf32>, memref<20x20xf32>)"),
            {y.data()});
  for (int i = 0; i < 400; ++i)
    ASSERT_EQ(y[i], (i / 20 >= i % 20) + i / 20 / 3);
}

} // namespace
