// Strided and counted tiles: every buffer ends at a page that must not be touched, so that a row that does
// not exist and is read or written all the same ends the test.
#include "test/codegen/cpu/KernelCase.h"

#include <algorithm>
#include <numeric>
#include <sys/mman.h>
#include <unistd.h>

using namespace rondo;
using namespace rondo::test;

namespace {

// Memory that ends where a page without access begins. Sizes that are multiples of 64 bytes keep it aligned.
class GuardedBuffer {
public:
  explicit GuardedBuffer(size_t bytes) {
    size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    mapped_ = (bytes + page - 1) / page * page + page;
    void *memory = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      std::abort();
    base_ = static_cast<char *>(memory);
    mprotect(base_ + mapped_ - page, page, PROT_NONE);
    begin_ = base_ + mapped_ - page - bytes;
  }
  ~GuardedBuffer() { munmap(base_, mapped_); }
  GuardedBuffer(const GuardedBuffer &) = delete;
  GuardedBuffer &operator=(const GuardedBuffer &) = delete;

  template <typename T> T *as() { return reinterpret_cast<T *>(begin_); }

private:
  char *base_, *begin_;
  size_t mapped_;
};

// rows x width random values in guarded memory.
struct Matrix {
  int64_t rows, width;
  GuardedBuffer memory;

  Matrix(int64_t rows, int64_t width, unsigned seed)
      : rows(rows), width(width), memory(static_cast<size_t>(rows * width) * sizeof(float)) {
    AlignedFloats values = randomFloats(static_cast<size_t>(rows * width), seed);
    std::copy_n(values.data(), rows * width, data());
  }
  float *data() { return memory.as<float>(); }
  float &at(int64_t row, int64_t column) { return data()[row * width + column]; }
  std::vector<float> values() { return {data(), data() + rows * width}; }
};

// What of `wanted` rows of a tile with `tileRows` exists.
int64_t existing(int64_t wanted, int64_t tileRows) { return std::clamp<int64_t>(wanted, 0, tileRows); }

std::vector<int64_t> countsFor(int64_t rows) { return {-3, 0, 1, rows / 2, rows, rows + 2}; }

// Rows that a view from row `first` on needs, one at least.
int64_t extentOf(int64_t first, int64_t count, int64_t step) {
  return count > 0 ? first + (count - 1) * step + 1 : 1;
}

constexpr const char *kCounts = R"(
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c16 = arith.constant 16 : index
    %n0 = memref.load %N[%c0] : memref<2xi64>
    %n1 = memref.load %N[%c1] : memref<2xi64>
    %n = arith.index_cast %n0 : i64 to index
    %m = arith.index_cast %n1 : i64 to index)";

// ---- copies
// -----------------------------------------------------------------------------------------------------

constexpr int64_t kWidth = 80, kColumn = 16, kFirst = 2; // of every buffer, and where its view begins

// Twice the rows that exist to rows that exist, and the whole tile, zeros included.
void checkCopy(int64_t rows, int64_t columns, int64_t step) {
  bench::KernelRunner kernel(
      fillIn(kernelText(
                 "%X: memref<999x80xf32>, %N: memref<2xi64>, %Y: memref<999x80xf32>, %Z: memref<$Rx$Cxf32>",
                 "false, false, true, true", std::string(kCounts) + R"(
    %t = tile.load %X[%c2, %c16] step $S rows %n : memref<999x80xf32> -> tensor<$Rx$Cxf32>
    %u = arith.addf %t, %t : tensor<$Rx$Cxf32>
    tile.store %u, %Y[%c2, %c16] step $S rows %m : tensor<$Rx$Cxf32>, memref<999x80xf32>
    tile.store %t, %Z[%c0, %c0] : tensor<$Rx$Cxf32>, memref<$Rx$Cxf32>)"),
             {{"S", step}, {"R", rows}, {"C", columns}}),
      hostTarget());
  ASSERT_TRUE(kernel.ok());
  for (int64_t n : countsFor(rows)) {
    int64_t counts[] = {n, rows - n};
    int64_t loaded = existing(n, rows), stored = existing(rows - n, rows);
    SCOPED_TRACE(::testing::Message() << rows << "x" << columns << " step " << step << " count " << n);
    Matrix x(extentOf(kFirst, loaded, step), kWidth, 1), y(extentOf(kFirst, stored, step), kWidth, 2);
    AlignedFloats z(rows * columns, NAN);
    std::vector<float> expected = y.values();
    kernel.run({x.data(), counts, y.data(), z.data()}, 0, 1);
    auto element = [&](int64_t i, int64_t j) {
      return i < loaded ? x.at(kFirst + i * step, kColumn + j) : 0.0f;
    };
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < columns; ++j) {
        ASSERT_EQ(z[i * columns + j], element(i, j)) << "at " << i << ", " << j;
        if (i < stored)
          expected[(kFirst + i * step) * kWidth + kColumn + j] = 2 * element(i, j);
      }
    }
    ASSERT_EQ(y.values(), expected);
  }
}

TEST(Rows, Copies) {
  for (int64_t rows : {1, 5, 64})
    for (int64_t columns : {16, 24, 64})
      for (int64_t step : {1, 3, 12})
        checkCopy(rows, columns, step);
}

std::string withElement(std::string text, const std::string &element) {
  for (size_t at; (at = text.find("$E")) != std::string::npos;)
    text.replace(at, 2, element);
  return text;
}

// One column of any element type: scalars that may not exist, spread over columns.
template <typename T> void checkColumn(const std::string &element, const std::string &toFloat) {
  constexpr int64_t rows = 7, step = 3;
  std::string body = std::string(kCounts) + R"(
    %t = tile.load %X[%c1, %c0] step 3 rows %n : memref<999x1x$E> -> tensor<7x1x$E>
    %v = tile.reshape %t : tensor<7x1x$E> -> tensor<7x$E>)" +
                     toFloat + R"(
    %b = tile.broadcast %f axis 1 : tensor<7xf32> -> tensor<7x24xf32>
    tile.store %b, %Y[%c0, %c0] : tensor<7x24xf32>, memref<7x24xf32>
    tile.store %t, %Z[%c1, %c0] step 3 rows %m : tensor<7x1x$E>, memref<999x1x$E>)";
  std::string buffers = "%X: memref<999x1x$E>, %N: memref<2xi64>, %Y: memref<7x24xf32>, %Z: memref<999x1x$E>";
  bench::KernelRunner kernel(withElement(kernelText(buffers, "false, false, true, true", body), element),
                             hostTarget());
  ASSERT_TRUE(kernel.ok());
  for (int64_t n : countsFor(rows)) {
    SCOPED_TRACE(::testing::Message() << element << " count " << n);
    int64_t counts[] = {n, rows - n}, loaded = existing(n, rows), stored = existing(rows - n, rows);
    int64_t from = extentOf(1, loaded, step), to = extentOf(1, stored, step);
    GuardedBuffer x(from * sizeof(T)), z(to * sizeof(T));
    std::iota(x.as<T>(), x.as<T>() + from, T(100));
    std::fill_n(z.as<T>(), to, T(-1));
    std::vector<T> expected(z.as<T>(), z.as<T>() + to);
    AlignedFloats y(rows * 24, NAN);
    kernel.run({x.as<T>(), counts, y.data(), z.as<T>()}, 0, 1);
    for (int64_t i = 0; i < rows; ++i) {
      T value = i < loaded ? x.as<T>()[1 + i * step] : T(0);
      for (int64_t j = 0; j < 24; ++j)
        ASSERT_EQ(y[i * 24 + j], float(value));
      if (i < stored)
        expected[1 + i * step] = value;
    }
    ASSERT_EQ(std::vector<T>(z.as<T>(), z.as<T>() + to), expected);
  }
}

TEST(Rows, Columns) {
  checkColumn<float>("f32", "\n%f = math.absf %v : tensor<7xf32>");
  checkColumn<int32_t>("i32", "\n%f = arith.sitofp %v : tensor<7xi32> to tensor<7xf32>");
  checkColumn<int64_t>("i64", "\n%f = arith.sitofp %v : tensor<7xi64> to tensor<7xf32>");
}

// ---- products
// ---------------------------------------------------------------------------------------------------

struct ProductCase {
  int64_t queries, keys, d, step;
  bool staged, isStride; // the step is known at run time only
};

// s = q k^T and o += s v over views; q and k are counted, o is read and written where it lies, every row and
// every element that no view shows staying as it was.
std::string productText(const ProductCase &c) {
  std::string body = std::string(kCounts) + R"(
    %none = arith.subi %n, %n : index
    %known = arith.constant $S : index
    %stride = arith.addi %known, %none : index
    %q = tile.load %Q[%c2, %c16] step $S rows %n : memref<999x80xf32> -> tensor<$Mx$Dxf32>
    %k = tile.load %K[%c2, %c16] step $S rows %m : memref<999x80xf32> -> tensor<$Lx$Dxf32>
    %v = tile.load %V[%c2, %c16] step $S rows %m : memref<999x80xf32> -> tensor<$Lx$Dxf32>
    %ks = tile.stage rhs %k : tensor<$Lx$Dxf32>
    %vs = tile.stage rhs %v : tensor<$Lx$Dxf32>
    %p = tile.dot %q, %k' {transpose_b} : tensor<$Mx$Dxf32>, tensor<$Lx$Dxf32> -> tensor<$Mx$Lxf32>
    tile.store %p, %P[%c0, %c0] : tensor<$Mx$Lxf32>, memref<$Mx$Lxf32>
    %g = tile.load %U[%c0, %c0] step 2 : memref<128x64xf32> -> tensor<$Mx$Dxf32>
    %o = tile.load %O[%c2, %c16] step $S rows %n : memref<999x80xf32> -> tensor<$Mx$Dxf32>
    %r = tile.dot %p, %v', %o : tensor<$Mx$Lxf32>, tensor<$Lx$Dxf32>, tensor<$Mx$Dxf32> -> tensor<$Mx$Dxf32>
    %t = arith.mulf %r, %g : tensor<$Mx$Dxf32>
    tile.store %t, %O[%c2, %c16] step $S rows %n : tensor<$Mx$Dxf32>, memref<999x80xf32>)";
  for (size_t at; (at = body.find('\'')) != std::string::npos;)
    body.replace(at, 1, c.staged ? "s" : " ");
  for (size_t at; c.isStride && (at = body.find("step $S")) != std::string::npos;)
    body.replace(at, 7, "stride %stride");
  return fillIn(
      kernelText("%Q: memref<999x80xf32>, %K: memref<999x80xf32>, %V: memref<999x80xf32>, %N: memref<2xi64>, "
                 "%U: memref<128x64xf32>, %P: memref<$Mx$Lxf32>, %O: memref<999x80xf32>",
                 "false, false, false, false, false, true, true", body),
      {{"S", c.step}, {"M", c.queries}, {"L", c.keys}, {"D", c.d}});
}

void checkProducts(bench::KernelRunner &kernel, const ProductCase &c, int64_t n, int64_t m) {
  SCOPED_TRACE(::testing::Message() << "counts " << n << ", " << m);
  int64_t counts[] = {n, m}, queries = existing(n, c.queries), keys = existing(m, c.keys);
  Matrix q(extentOf(kFirst, queries, c.step), kWidth, 1), o(q.rows, kWidth, 4);
  Matrix k(extentOf(kFirst, keys, c.step), kWidth, 2), v(k.rows, kWidth, 3);
  AlignedFloats factors = randomFloats(128 * 64, 5), scores(c.queries * c.keys, NAN);
  std::vector<float> before = o.values();
  kernel.run({q.data(), k.data(), v.data(), counts, factors.data(), scores.data(), o.data()}, 0, 1);
  auto score = [&](int64_t i, int64_t j) {
    double sum = 0;
    for (int64_t e = 0; i < queries && j < keys && e < c.d; ++e)
      sum += double(q.at(kFirst + i * c.step, kColumn + e)) * k.at(kFirst + j * c.step, kColumn + e);
    return sum;
  };
  std::vector<double> expected(before.begin(), before.end());
  for (int64_t i = 0; i < c.queries; ++i) {
    std::vector<double> row(c.keys);
    for (int64_t j = 0; j < c.keys; ++j) {
      row[j] = score(i, j);
      ASSERT_NEAR(scores[i * c.keys + j], row[j], 2e-5 * c.d) << "score " << i << ", " << j;
    }
    for (int64_t e = 0; i < queries && e < c.d; ++e) {
      double &sum = expected[(kFirst + i * c.step) * kWidth + kColumn + e];
      for (int64_t j = 0; j < keys; ++j)
        sum += row[j] * v.at(kFirst + j * c.step, kColumn + e);
      sum *= factors[2 * i * 64 + e];
    }
  }
  for (size_t at = 0; at < expected.size(); ++at)
    ASSERT_NEAR(o.data()[at], expected[at], 3e-5 * c.d * std::sqrt(double(c.keys)))
        << "row " << at / kWidth << ", column " << at % kWidth;
}

TEST(Rows, Products) {
  for (auto [queries, keys] : {std::pair(1, 64), std::pair(5, 5), std::pair(64, 64), std::pair(64, 5)}) {
    for (auto [d, step] : {std::pair(16, 12), std::pair(24, 3), std::pair(64, 1), std::pair(64, 3)}) {
      for (bool staged : {true, false}) {
        ProductCase c{queries, keys, d, step, staged, /*isStride=*/step == 3};
        SCOPED_TRACE(::testing::Message() << c.queries << "x" << c.keys << "x" << c.d << " step " << c.step
                                          << (staged ? " staged" : "") << (c.isStride ? " at run time" : ""));
        bench::KernelRunner kernel(productText(c), hostTarget());
        ASSERT_TRUE(kernel.ok());
        for (auto [n, m] : {std::pair(queries, keys), std::pair(queries / 2, 1), std::pair(1, keys - 1),
                            std::pair(0, keys), std::pair(queries, 0), std::pair(queries + 9, keys + 9)})
          checkProducts(kernel, c, n, m);
      }
    }
  }
}

// Uncounted strided tiles are operands where they lie: q's scalars, the vectors of v, and both transposed.
TEST(Rows, OperandsWhereTheyLie) {
  Matrix a(64, 48, 1), b(120, 48, 2);
  AlignedFloats plain(13 * 48, NAN), transposed(40 * 13, NAN);
  runKernel(kernelText(
                "%A: memref<64x48xf32>, %B: memref<120x48xf32>, %Y: memref<13x48xf32>, %Z: memref<40x13xf32>",
                "false, false, true, true", R"(
    %c2 = arith.constant 2 : index
    %a = tile.load %A[%c2, %c0] step 5 : memref<64x48xf32> -> tensor<13x40xf32>
    %b = tile.load %B[%c2, %c0] step 3 : memref<120x48xf32> -> tensor<40x48xf32>
    %y = tile.dot %a, %b : tensor<13x40xf32>, tensor<40x48xf32> -> tensor<13x48xf32>
    tile.store %y, %Y[%c0, %c0] : tensor<13x48xf32>, memref<13x48xf32>
    %c = tile.load %B[%c2, %c0] step 3 : memref<120x48xf32> -> tensor<13x40xf32>
    %i = tile.load %A[%c0, %c0] step 4 : memref<64x48xf32> -> tensor<13x13xf32>
    %z = tile.dot %c, %i {transpose_a} : tensor<13x40xf32>, tensor<13x13xf32> -> tensor<40x13xf32>
    tile.store %z, %Z[%c0, %c0] : tensor<40x13xf32>, memref<40x13xf32>)"),
            {a.data(), b.data(), plain.data(), transposed.data()});
  for (int64_t i = 0; i < 13; ++i) {
    for (int64_t j = 0; j < 48; ++j) {
      double expected = 0;
      for (int64_t e = 0; e < 40; ++e)
        expected += double(a.at(2 + 5 * i, e)) * b.at(2 + 3 * e, j);
      ASSERT_NEAR(plain[i * 48 + j], expected, 1e-4);
    }
    for (int64_t j = 0; j < 40; ++j) {
      double expected = 0;
      for (int64_t e = 0; e < 13; ++e)
        expected += double(b.at(2 + 3 * e, j)) * a.at(4 * e, i);
      ASSERT_NEAR(transposed[j * 13 + i], expected, 1e-4);
    }
  }
}

// ---- overwrites
// -------------------------------------------------------------------------------------------------

// Views of one buffer that share rows: what is read before a store is what stood there, and a loop goes over
// the rows that another loop with another step has written.
TEST(Rows, ViewsOfOneBufferAreOrdered) {
  Matrix y(36, 32, 1);
  std::vector<float> expected = y.values();
  bench::KernelRunner kernel(
      kernelText("%Y: memref<36x32xf32>, %N: memref<2xi64>", "true, false", std::string(kCounts) + R"(
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %every = tile.load %Y[%c0, %c0] step 2 rows %n : memref<36x32xf32> -> tensor<16x32xf32>
    %third = tile.load %Y[%c0, %c0] step 3 rows %n : memref<36x32xf32> -> tensor<16x32xf32>
    %sum = arith.addf %every, %third : tensor<16x32xf32>
    tile.store %sum, %Y[%c0, %c0] step 3 rows %n : tensor<16x32xf32>, memref<36x32xf32>
    scf.for %s = %c0 to %c3 step %c1 {
      %a = tile.load %Y[%s, %c0] step 3 rows %m : memref<36x32xf32> -> tensor<16x32xf32>
      %b = arith.addf %a, %third : tensor<16x32xf32>
      tile.store %b, %Y[%s, %c0] step 3 rows %m : tensor<16x32xf32>, memref<36x32xf32>
    }
    scf.for %s = %c0 to %c4 step %c1 {
      %a = tile.load %Y[%s, %c0] step 4 rows %m : memref<36x32xf32> -> tensor<9x32xf32>
      %b = arith.mulf %a, %a : tensor<9x32xf32>
      tile.store %b, %Y[%s, %c0] step 4 rows %m : tensor<9x32xf32>, memref<36x32xf32>
    })"),
      hostTarget());
  ASSERT_TRUE(kernel.ok());
  constexpr int64_t n = 11, m = 8;
  int64_t counts[] = {n, m};
  kernel.run({y.data(), counts}, 0, 1);
  std::vector<float> start = expected;
  auto row = [](int64_t i, int64_t j) { return i * 32 + j; };
  for (int64_t j = 0; j < 32; ++j) {
    for (int64_t i = 0; i < n; ++i)
      expected[row(3 * i, j)] = start[row(2 * i, j)] + start[row(3 * i, j)];
    for (int64_t s = 0; s < 3; ++s)
      for (int64_t i = 0; i < m; ++i)
        expected[row(s + 3 * i, j)] += i < n ? start[row(3 * i, j)] : 0;
    for (int64_t s = 0; s < 4; ++s)
      for (int64_t i = 0; i < m; ++i)
        expected[row(s + 4 * i, j)] *= expected[row(s + 4 * i, j)];
  }
  ASSERT_EQ(y.values(), expected);
}

} // namespace
