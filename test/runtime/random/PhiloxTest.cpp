// Philox against its published known answers; the distributions against their moments.
#include "runtime/random/Philox.h"

#include <cmath>
#include <gtest/gtest.h>
#include <vector>

namespace rondo::rt {
namespace {

using Block = std::array<uint32_t, 4>;

// The known-answer vectors of Random123 1.09 for philox4x32, 10 rounds.
TEST(Philox, givesTheKnownAnswers) {
  constexpr uint32_t kOnes = 0xFFFFFFFF;
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}));
  EXPECT_EQ(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Block{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}));
  EXPECT_EQ(philox4x32({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}, {0xA4093822, 0x299F31D0}),
            (Block{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}));
}

TEST(Philox, mapsSeedToKeyAndStreamAndBlockToCounter) {
  EXPECT_EQ(randomBits(0x299F31D0A4093822, 0x0370734413198A2E, 0x85A308D3243F6A88),
            (Block{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}));
}

TEST(Philox, anyPartIsMadeAlone) {
  std::vector<float> whole(37), part(5);
  fillNormal(7, 9, 0, absl::MakeSpan(whole));
  fillNormal(7, 9, 13, absl::MakeSpan(part));
  for (size_t i = 0; i < whole.size(); ++i)
    EXPECT_EQ(normalAt(7, 9, i), whole[i]);
  for (size_t i = 0; i < part.size(); ++i)
    EXPECT_EQ(part[i], whole[13 + i]);
  fillUniform(7, 9, 2, absl::MakeSpan(part));
  for (size_t i = 0; i < part.size(); ++i)
    EXPECT_EQ(part[i], uniformAt(7, 9, 2 + i));
}

TEST(Philox, seedsAndStreamsDiffer) {
  EXPECT_NE(randomBits(1, 2, 3), randomBits(2, 2, 3));
  EXPECT_NE(randomBits(1, 2, 3), randomBits(1, 3, 3));
  EXPECT_NE(randomBits(1, 2, 3), randomBits(1, 2, 4));
}

// Mean, variance, skewness and kurtosis of 2^18 numbers, within five standard errors.
TEST(Philox, normalHasItsMoments) {
  std::vector<float> values(1 << 18);
  fillNormal(42, 1, 0, absl::MakeSpan(values));
  double sums[5] = {};
  for (double value : values)
    for (int power = 1; power <= 4; ++power)
      sums[power] += std::pow(value, power) / static_cast<double>(values.size());
  double unit = 5 / std::sqrt(static_cast<double>(values.size()));
  EXPECT_NEAR(sums[1], 0, unit);
  EXPECT_NEAR(sums[2], 1, unit * std::sqrt(2.0));
  EXPECT_NEAR(sums[3], 0, unit * std::sqrt(15.0));
  EXPECT_NEAR(sums[4], 3, unit * std::sqrt(96.0));
}

TEST(Philox, uniformFillsItsRange) {
  std::vector<float> values(1 << 16);
  fillUniform(42, 1, 0, absl::MakeSpan(values));
  size_t counts[16] = {};
  for (float value : values) {
    ASSERT_GE(value, 0.0f);
    ASSERT_LT(value, 1.0f);
    ++counts[static_cast<size_t>(value * 16)];
  }
  for (size_t count : counts)
    EXPECT_NEAR(static_cast<double>(count), 4096, 5 * std::sqrt(4096.0));
  double wide = uniform64At(1, 2, 3);
  EXPECT_TRUE(wide >= 0 && wide < 1);
}

} // namespace
} // namespace rondo::rt
