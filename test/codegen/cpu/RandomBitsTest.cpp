// Random words of compiled kernels against the runtime's generator, bit by bit.
#include "runtime/random/Philox.h"
#include "test/codegen/cpu/KernelCase.h"

#include <bit>

using namespace rondo;
using namespace rondo::test;

namespace {

struct Words {
  uint64_t seed = 0x0123456789ABCDEF, stream = 0xFEDCBA9876543210;
  int64_t row = 0, column = 0, width = 0;
  bool aligned = false;
  const char *layout = ""; // of the 32 x `columns` buffer that the words are stored to

  // Element (i, j) of 32 rows.
  uint32_t expected(int64_t i, int64_t j) const {
    uint64_t n = static_cast<uint64_t>((row + i) * width + column + j);
    return rt::randomBits(seed, stream, n / 4)[n % 4];
  }
};

// 32 rows of `columns` words as the kernel stores them.
std::vector<uint32_t> run(const Words &words, int64_t columns) {
  AlignedFloats stored(32 * columns);
  std::string body = fillIn(R"(%c1 = arith.constant 1 : index
    %row = arith.constant $ROW : index
    %column = arith.constant $COLUMN : index
    %seed = memref.load %K[%c0] : memref<2xi64>
    %stream = memref.load %K[%c1] : memref<2xi64>
    %bits = tile.random_bits %seed, %stream [%row, %column] width $WIDTH)",
                            {{"ROW", words.row}, {"COLUMN", words.column}, {"WIDTH", words.width}});
  body += (words.aligned ? " aligned" : "") + fillIn(" : tensor<32x$Nxi32>\n", {{"N", columns}});
  body += fillIn("tile.store %bits, %Y[%c0, %c0] : tensor<32x$Nxi32>, memref<32x$Nxi32", {{"N", columns}});
  body += words.layout + std::string(">");
  uint64_t key[] = {words.seed, words.stream};
  runKernel(
      kernelText(fillIn("%K: memref<2xi64>, %Y: memref<32x$Nxi32", {{"N", columns}}) + words.layout + ">",
                 "false, true", body),
      {key, stored.data()});
  std::vector<uint32_t> result(stored.size());
  for (size_t i = 0; i < stored.size(); ++i)
    result[i] = std::bit_cast<uint32_t>(stored[i]);
  return result;
}

void checkRows(const Words &words, int64_t columns) {
  std::vector<uint32_t> stored = run(words, columns);
  for (int64_t i = 0; i < 32; ++i)
    for (int64_t j = 0; j < columns; ++j)
      ASSERT_EQ(stored[i * columns + j], words.expected(i, j)) << i << " " << j << " of " << columns;
}

TEST(RandomBits, FourWordsOfACounterTogether) {
  for (int64_t columns : {4, 12, 16, 64, 100})
    checkRows({.column = 8, .width = 108, .aligned = true}, columns);
}

TEST(RandomBits, OneWordPerLaneWhereRowsBreakCounters) {
  for (int64_t columns : {1, 7, 16, 33})
    checkRows({.column = 3, .width = 37}, columns);
}

TEST(RandomBits, NumbersBeyond32Bits) {
  int64_t row = (int64_t(1) << 34) + 5;
  checkRows({.row = row, .width = 64, .aligned = true}, 64);
  checkRows({.row = row, .width = 63}, 63);
}

TEST(RandomBits, DownTheColumnsOfPanels) {
  for (bool aligned : {false, true}) {
    Words words{
        .width = 8, .aligned = aligned, .layout = ", affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>"};
    std::vector<uint32_t> stored = run(words, 8);
    for (int64_t i = 0; i < 32; ++i)
      for (int64_t j = 0; j < 8; ++j)
        ASSERT_EQ(stored[j * 32 + i], words.expected(i, j)) << i << " " << j;
  }
}

} // namespace
