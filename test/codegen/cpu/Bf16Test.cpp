// Buffers of bf16: what is stored, and what is read back.
#include "test/codegen/cpu/KernelCase.h"

#include <bit>
#include <cstdint>

using namespace rondo;
using namespace rondo::test;

namespace {

// Rows of `columns` elements: x is stored as bf16 to `narrow`, and from there as f32 to `wide`.
void throughBf16(AlignedFloats &x, std::vector<uint16_t> &narrow, AlignedFloats &wide, int64_t columns) {
  int64_t rows = static_cast<int64_t>(x.size()) / columns;
  std::string shape = std::to_string(rows) + "x" + std::to_string(columns) + "x";
  std::string f = "tensor<" + shape + "f32>", h = "tensor<" + shape + "bf16>";
  std::string mf = "memref<" + shape + "f32>", mh = "memref<" + shape + "bf16>";
  runKernel(kernelText("%X: " + mf + ", %N: " + mh, "false, true",
                       "%x = tile.load %X[%c0, %c0] : " + mf + " -> " + f + "\n%n = arith.truncf %x : " + f +
                           " to " + h + "\ntile.store %n, %N[%c0, %c0] : " + h + ", " + mh),
            {x.data(), narrow.data()});
  runKernel(kernelText("%N: " + mh + ", %W: " + mf, "false, true",
                       "%n = tile.load %N[%c0, %c0] : " + mh + " -> " + h + "\n%w = arith.extf %n : " + h +
                           " to " + f + "\ntile.store %w, %W[%c0, %c0] : " + f + ", " + mf),
            {narrow.data(), wide.data()});
}

TEST(Bf16, EveryValueReadsAndStoresAsItself) {
  constexpr size_t count = 65536;
  AlignedFloats x(count), wide(count, 0.5f);
  std::vector<uint16_t> narrow(count);
  for (uint32_t i = 0; i < count; ++i)
    x[i] = std::bit_cast<float>(i << 16);
  throughBf16(x, narrow, wide, 1024);
  for (uint32_t i = 0; i < count; ++i) {
    if (std::isnan(x[i])) {
      ASSERT_TRUE(std::isnan(wide[i])) << i;
      continue;
    }
    ASSERT_EQ(narrow[i], i);
    ASSERT_EQ(std::bit_cast<uint32_t>(wide[i]), i << 16);
  }
}

// To nearest, ties to even, denormals included, up to infinity; rows end within a vector.
TEST(Bf16, StoresRoundToNearestEven) {
  constexpr int64_t columns = 37, rows = 211;
  AlignedFloats x(rows * columns), wide(rows * columns, 0.5f);
  std::vector<uint16_t> narrow(rows * columns);
  std::mt19937 generator(11);
  for (size_t i = 0; i < x.size(); ++i) {
    uint32_t bits = generator();
    x[i] = std::bit_cast<float>(i % 3 == 0 ? (bits & 0xffff0000u) | 0x8000u : bits); // a tie
  }
  x[1] = std::bit_cast<float>(0x7f7fffffu); // the largest: beyond the middle to infinity
  x[2] = std::bit_cast<float>(0x00008001u); // denormal
  throughBf16(x, narrow, wide, columns);
  for (size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i])) {
      ASSERT_TRUE(std::isnan(wide[i])) << i;
      continue;
    }
    uint32_t bits = std::bit_cast<uint32_t>(x[i]);
    ASSERT_EQ(narrow[i], static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)) << bits;
  }
  EXPECT_TRUE(std::isinf(wide[1]));
}

} // namespace
