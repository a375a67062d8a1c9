// Verdicts on losses.
#include "runtime/train/LossGuard.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>

namespace rondo::rt {
namespace {

using Verdict = LossGuard::Verdict;

// A run that learns: from 5.5 to 2.5 with noise.
double usual(int step) { return 2.5 + 3 * std::exp(-step / 50.0) + 0.05 * std::sin(step * 1.7); }

LossGuard settled(int steps = 100) {
  LossGuard guard;
  for (int step = 0; step < steps; ++step)
    EXPECT_EQ(guard.observe(usual(step), 1), Verdict::Fine) << step;
  return guard;
}

TEST(LossGuard, seesWhatIsNotFinite) {
  LossGuard guard = settled();
  double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(guard.observe(nan, 1), Verdict::NotFinite);
  EXPECT_EQ(guard.observe(infinity, 1), Verdict::NotFinite);
  EXPECT_EQ(guard.observe(2.5, nan), Verdict::NotFinite);
  EXPECT_EQ(guard.notFiniteRun(), 3u);
  EXPECT_EQ(guard.observe(2.9, 1), Verdict::Fine);
  EXPECT_EQ(guard.notFiniteRun(), 0u);
}

TEST(LossGuard, seesASpikeAndForgetsIt) {
  LossGuard guard = settled();
  double mean = guard.mean();
  EXPECT_EQ(guard.observe(1.8 * mean, 1), Verdict::Spike);
  EXPECT_EQ(guard.mean(), mean);
  EXPECT_EQ(guard.observe(1.05 * mean, 1), Verdict::Fine);
}

TEST(LossGuard, hasNoOpinionOnTheFirstSteps) {
  LossGuard guard = settled(5);
  EXPECT_EQ(guard.observe(100, 1), Verdict::Fine);
}

TEST(LossGuard, callsALastingRiseDivergence) {
  LossGuard guard = settled();
  double mean = guard.mean();
  int spikes = 0;
  while (guard.observe(3 * mean, 1) == Verdict::Spike)
    ++spikes;
  EXPECT_EQ(spikes, 49);
  EXPECT_EQ(guard.observe(3 * mean, 1), Verdict::Diverged);
}

TEST(LossGuard, givesTheSameVerdictsOnTheSameLosses) {
  LossGuard one, two;
  for (int step = 0; step < 300; ++step) {
    double loss = usual(step) * (step % 37 == 36 ? 2.5 : 1);
    EXPECT_EQ(one.observe(loss, 1), two.observe(loss, 1));
  }
  EXPECT_EQ(one.mean(), two.mean());
}

} // namespace
} // namespace rondo::rt
