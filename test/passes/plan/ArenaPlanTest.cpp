// Buffers in an arena: apart while they live, and close to the bound that no plan can beat.
#include "passes/plan/ArenaPlan.h"

#include "test/property/CaseFactor.h"
#include "gtest/gtest.h"

#include <random>

namespace rondo {
namespace {

// Fails the test if two buffers share a byte at a step that both live at, or one leaves the arena.
void expectValid(const std::vector<BufferLife> &lives, const ArenaPlan &plan) {
  ASSERT_EQ(plan.offsets.size(), lives.size());
  EXPECT_GE(plan.size, plan.leastSize);
  for (size_t i = 0; i < lives.size(); ++i) {
    ASSERT_GE(plan.offsets[i], 0);
    ASSERT_LE(plan.offsets[i] + lives[i].bytes, plan.size);
    for (size_t j = 0; j < i; ++j) {
      bool together = lives[i].first <= lives[j].last && lives[j].first <= lives[i].last;
      bool apart = plan.offsets[i] + lives[i].bytes <= plan.offsets[j] ||
                   plan.offsets[j] + lives[j].bytes <= plan.offsets[i];
      ASSERT_TRUE(!together || apart) << i << " and " << j;
    }
  }
}

int64_t slowBound(const std::vector<BufferLife> &lives) {
  int64_t most = 0;
  for (const BufferLife &at : lives) { // the most is in use where some buffer begins
    int64_t bytes = 0;
    for (const BufferLife &life : lives)
      bytes += life.first <= at.first && at.first <= life.last ? life.bytes : 0;
    most = std::max(most, bytes);
  }
  return most;
}

TEST(ArenaPlan, randomLives) {
  unsigned cases = 100 * property::caseFactor();
  for (unsigned seed = 0; seed < cases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::vector<BufferLife> lives;
    size_t count = random() % 80;
    for (size_t i = 0; i < count; ++i) {
      unsigned first = random() % 60;
      lives.push_back({static_cast<int64_t>(64 * (1 + random() % (random() % 2 ? 4 : 200))), first,
                       static_cast<unsigned>(first + random() % (random() % 3 ? 4 : 40))});
    }
    ArenaPlan plan = planArena(lives);
    expectValid(lives, plan);
    EXPECT_EQ(plan.leastSize, slowBound(lives));
    EXPECT_EQ(planArena(lives).offsets, plan.offsets);
  }
}

// A training step: what layers keep lives until their turn comes again from behind; gradients of parameters
// live to the end, where the optimiser takes one after the other.
TEST(ArenaPlan, trainingStepsAreWithinFivePercentOfTheBound) {
  unsigned cases = 20 * property::caseFactor();
  for (unsigned seed = 0; seed < cases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    unsigned layers = 2 + random() % 23, ops = 4 + random() % 12, half = layers * ops;
    int64_t rows = 64 * (1 + random() % 64);
    std::vector<BufferLife> lives;
    for (unsigned step = 0; step < half; ++step) {
      int64_t width = int64_t(1) << (random() % 3);
      bool isKept = random() % 3 == 0;
      lives.push_back(
          {rows * width, step, isKept ? 2 * half - step : step + 1 + static_cast<unsigned>(random() % 3)});
    }
    for (unsigned step = half; step < 2 * half; ++step) {
      lives.push_back({rows * (int64_t(1) << (random() % 3)), step, step + 1});
      if (random() % 3 == 0)
        lives.push_back({static_cast<int64_t>(64 * (1 + random() % 500)), step,
                         2 * half + static_cast<unsigned>(random() % half)});
    }
    ArenaPlan plan = planArena(lives);
    expectValid(lives, plan);
    EXPECT_LE(static_cast<double>(plan.size), 1.05 * static_cast<double>(plan.leastSize));
  }
}

TEST(ArenaPlan, nothing) {
  ArenaPlan plan = planArena({});
  EXPECT_EQ(plan.size, 0);
  EXPECT_EQ(plan.leastSize, 0);
}

} // namespace
} // namespace rondo
