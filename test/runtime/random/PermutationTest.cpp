// Permutations: every index once, differing by seed and stream, spread evenly.
#include "runtime/random/Permutation.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace rondo::rt {
namespace {

std::vector<uint64_t> order(uint64_t seed, uint64_t stream, uint64_t size) {
  std::vector<uint64_t> all;
  for (uint64_t i = 0; i < size; ++i)
    all.push_back(permutedIndex(seed, stream, size, i));
  return all;
}

TEST(Permutation, hasEachIndexOnce) {
  for (uint64_t size : {1, 2, 3, 4, 5, 7, 16, 17, 63, 64, 65, 255, 257, 1000, 4097}) {
    std::vector<uint64_t> all = order(size, 3, size), expected(size);
    std::iota(expected.begin(), expected.end(), 0);
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, expected) << size;
  }
}

TEST(Permutation, staysInRangeAtAnySize) {
  for (uint64_t size : {uint64_t{1} << 31, (uint64_t{1} << 32) + 1, uint64_t{1} << 63, UINT64_MAX})
    for (uint64_t index : {uint64_t{0}, size / 2, size - 1})
      EXPECT_LT(permutedIndex(1, 2, size, index), size);
}

TEST(Permutation, dependsOnSeedAndStream) {
  EXPECT_EQ(order(1, 1, 100), order(1, 1, 100));
  EXPECT_NE(order(1, 1, 100), order(2, 1, 100));
  EXPECT_NE(order(1, 1, 100), order(1, 2, 100));
}

// Over many streams each place gets each value equally often: chi-squared of 8 x 8 cells, 49 degrees of
// freedom, of which 1e-6 of all tables exceed 112.
TEST(Permutation, isEven) {
  constexpr int kSize = 8, kStreams = 8000;
  std::vector<int> counts(kSize * kSize);
  for (int stream = 0; stream < kStreams; ++stream)
    for (int i = 0; i < kSize; ++i)
      ++counts[i * kSize + permutedIndex(5, stream, kSize, i)];
  double expected = kStreams / kSize, chiSquared = 0;
  for (int count : counts)
    chiSquared += (count - expected) * (count - expected) / expected;
  EXPECT_LT(chiSquared, 112);
}

} // namespace
} // namespace rondo::rt
