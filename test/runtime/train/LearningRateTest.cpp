// Schedules: where they rise, stay and fall.
#include "runtime/train/LearningRate.h"

#include "gtest/gtest.h"

namespace rondo::rt {
namespace {

constexpr RateSchedule kAll[] = {RateSchedule::Cosine, RateSchedule::Linear, RateSchedule::Constant,
                                 RateSchedule::WarmupStableDecay};

TEST(LearningRate, risesToThePeak) {
  for (RateSchedule schedule : kAll) {
    LearningRate rate = {2, schedule, 0.1, 100};
    EXPECT_DOUBLE_EQ(rate.at(1), 0.2);
    EXPECT_DOUBLE_EQ(rate.at(5), 1);
    EXPECT_DOUBLE_EQ(rate.at(10), 2);
  }
}

TEST(LearningRate, isPositiveAndAtMostThePeakAtEveryStep) {
  for (RateSchedule schedule : kAll)
    for (double warmup : {0.0, 0.03, 0.5, 1.0, 7.0})
      for (uint64_t steps : {1, 2, 3, 17, 1000}) {
        LearningRate rate = {1, schedule, warmup, steps};
        for (uint64_t step = 1; step <= steps; ++step) {
          EXPECT_GT(rate.at(step), 0) << step << " of " << steps;
          EXPECT_LE(rate.at(step), 1) << step << " of " << steps;
        }
      }
}

TEST(LearningRate, fallsAsItsNameSays) {
  auto at = [](RateSchedule schedule, uint64_t step) { return LearningRate{1, schedule, 0, 1000}.at(step); };
  EXPECT_DOUBLE_EQ(at(RateSchedule::Constant, 1000), 1);
  EXPECT_NEAR(at(RateSchedule::Linear, 500), 0.5, 1e-3);
  EXPECT_NEAR(at(RateSchedule::Linear, 1000), 0.001, 1e-5);
  EXPECT_NEAR(at(RateSchedule::Cosine, 500), 0.55, 1e-3);
  EXPECT_NEAR(at(RateSchedule::Cosine, 1000), 0.1, 1e-4);
  EXPECT_DOUBLE_EQ(at(RateSchedule::WarmupStableDecay, 800), 1);
  EXPECT_NEAR(at(RateSchedule::WarmupStableDecay, 850), 0.5, 0.01);
  EXPECT_LT(at(RateSchedule::WarmupStableDecay, 1000), 0.01);
}

TEST(LearningRate, hasNames) {
  EXPECT_EQ(rateScheduleNamed("wsd"), RateSchedule::WarmupStableDecay);
  EXPECT_EQ(rateScheduleNamed("cosine"), RateSchedule::Cosine);
  EXPECT_EQ(rateScheduleNamed("linear"), RateSchedule::Linear);
  EXPECT_EQ(rateScheduleNamed("constant"), RateSchedule::Constant);
  EXPECT_EQ(rateScheduleNamed("step"), std::nullopt);
}

TEST(UsualPeakRate, fallsWithSize) {
  EXPECT_NEAR(usualPeakRate(125'000'000), 6.4e-4, 1e-5);
  EXPECT_GT(usualPeakRate(100'000), usualPeakRate(1'000'000));
  EXPECT_GT(usualPeakRate(UINT64_MAX), 0);
  EXPECT_LT(usualPeakRate(0), 0.01);
}

} // namespace
} // namespace rondo::rt
