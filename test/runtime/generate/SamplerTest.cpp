// Greedy choice, filters, frequencies and repeatability of the sampler.
#include "runtime/generate/Sampler.h"

#include <cmath>
#include <gtest/gtest.h>
#include <map>

namespace rondo::rt {
namespace {

std::map<int32_t, int> draw(const SamplerOptions &options, const std::vector<float> &logits, int times) {
  Sampler sampler = *Sampler::create(options, logits.size());
  std::map<int32_t, int> counts;
  for (int step = 0; step < times; ++step)
    ++counts[*sampler.sample(logits, 0, static_cast<uint64_t>(step))];
  return counts;
}

TEST(Sampler, greedyTakesTheFirstLargest) {
  EXPECT_EQ(draw({.temperature = 0}, {1, 3, -INFINITY, 3}, 3), (std::map<int32_t, int>{{1, 3}}));
}

TEST(Sampler, drawsInProportion) {
  std::vector<float> logits = {0, std::log(2.0f), -INFINITY, std::log(5.0f)};
  std::map<int32_t, int> counts = draw({.seed = 3}, logits, 80'000);
  EXPECT_NEAR(counts[0], 10'000, 500);
  EXPECT_NEAR(counts[1], 20'000, 700);
  EXPECT_EQ(counts.count(2), 0u);
  EXPECT_NEAR(counts[3], 50'000, 700);
}

TEST(Sampler, temperatureSharpens) {
  std::map<int32_t, int> counts = draw({.temperature = 0.5, .seed = 3}, {0, std::log(2.0f)}, 50'000);
  EXPECT_NEAR(counts[0], 10'000, 500); // 1 : 4
}

TEST(Sampler, topKKeepsTheLargest) {
  std::map<int32_t, int> counts = draw({.topK = 2, .seed = 3}, {2, 5, 1, 5, 5}, 1000);
  EXPECT_EQ(counts.size(), 2u); // of equals the first
  EXPECT_TRUE(counts.count(1) && counts.count(3));
  EXPECT_EQ(draw({.topK = 1}, {2, 5, 1}, 10), (std::map<int32_t, int>{{1, 10}}));
  EXPECT_EQ(draw({.topK = 100, .seed = 3}, {2, 2}, 1000).size(), 2u);
}

TEST(Sampler, topPKeepsTheFewestThatReachIt) {
  std::vector<float> logits = {std::log(0.1f), std::log(0.5f), std::log(0.3f), std::log(0.1f)};
  EXPECT_EQ(draw({.topP = 0.4, .seed = 3}, logits, 1000).size(), 1u);
  std::map<int32_t, int> counts = draw({.topP = 0.7, .seed = 3}, logits, 8000);
  EXPECT_EQ(counts.size(), 2u);
  EXPECT_NEAR(counts[1], 5000, 300);
  EXPECT_NEAR(counts[2], 3000, 300);
  EXPECT_EQ(draw({.topP = 1e-9}, logits, 10), (std::map<int32_t, int>{{1, 10}}));
}

TEST(Sampler, repeatsBySeedRowAndStep) {
  std::vector<float> logits(1000, 0.0f);
  Sampler a = *Sampler::create({.seed = 9}, 1000), b = *Sampler::create({.seed = 9}, 1000);
  int differentRows = 0;
  for (uint64_t step = 100; step > 0; --step) {
    int32_t token = *a.sample(logits, 0, step);
    differentRows += token != *a.sample(logits, 1, step);
    EXPECT_EQ(*b.sample(logits, 0, step), token);
  }
  EXPECT_GT(differentRows, 90);
}

TEST(Sampler, refusesLogitsThatSayNothing) {
  Sampler sampler = *Sampler::create({}, 2);
  for (std::vector<float> logits :
       {std::vector<float>{NAN, 0}, {0, NAN}, {0, INFINITY}, {-INFINITY, -INFINITY}})
    EXPECT_EQ(errorIdOf(sampler.sample(logits, 0, 0).status()), ErrorId::CheckFailed);
  EXPECT_EQ(errorIdOf(sampler.sample({1, 2, 3}, 0, 0).status()), ErrorId::InputCount);
}

TEST(Sampler, refusesOptionsOutOfRange) {
  for (SamplerOptions options : {SamplerOptions{.temperature = -1}, SamplerOptions{.temperature = NAN},
                                 SamplerOptions{.topP = 0}, SamplerOptions{.topP = 1.5}})
    EXPECT_EQ(errorIdOf(Sampler::create(options, 4).status()), ErrorId::Usage);
  EXPECT_EQ(errorIdOf(Sampler::create({}, 0).status()), ErrorId::Usage);
}

} // namespace
} // namespace rondo::rt
