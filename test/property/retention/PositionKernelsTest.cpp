// Compiled positions, rotary tables, last rows and log-probabilities against exact arithmetic.
#include "test/property/retention/CompiledModule.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <numbers>
#include <random>

using namespace rondo::test;

// Angles of theta 1 and 1e-4 at positions around 2^24, 10^8, 10^9 and beyond 2^31, against 128-bit fixed
// point.
TEST(PositionKernels, RotaryTableIsExactAnywhere) {
  std::string text = R"(
func.func @table(%p: tensor<1x11xi64>) -> (tensor<1x11x4xf32>, tensor<1x11x4xf32>)
    attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 11, slots = 1>} {
  %c, %s = rondo.rotary_table %p theta [1.0, 1.0e-4] pairs interleaved : (tensor<1x11xi64>) -> (tensor<1x11x4xf32>, tensor<1x11x4xf32>)
  return %c, %s : tensor<1x11x4xf32>, tensor<1x11x4xf32>
}
func.func @halves(%p: tensor<1x11xi64>) -> (tensor<1x11x4xf32>, tensor<1x11x4xf32>)
    attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 11, slots = 1>} {
  %c, %s = rondo.rotary_table %p theta [1.0, 1.0e-4] pairs halves : (tensor<1x11xi64>) -> (tensor<1x11x4xf32>, tensor<1x11x4xf32>)
  return %c, %s : tensor<1x11x4xf32>, tensor<1x11x4xf32>
}
)";
  std::vector<int64_t> positions{0,
                                 1,
                                 2,
                                 (1 << 24) - 1,
                                 1 << 24,
                                 (1 << 24) + 1,
                                 99999999,
                                 100000000,
                                 1000000000,
                                 int64_t(1) << 31,
                                 (int64_t(1) << 33) + 7};
  CompiledModule module(text);
  std::vector<Buffer> inputs;
  inputs.push_back(Buffer::of(positions));
  std::vector<Buffer> interleaved = module.run("table", inputs), halves = module.run("halves", inputs);
  std::vector<float> cosine = interleaved[0].values<float>(), sine = interleaved[1].values<float>();
  std::vector<float> cosineHalves = halves[0].values<float>(), sineHalves = halves[1].values<float>();
  constexpr long double turn = 2 * std::numbers::pi_v<long double>;
  const double theta[] = {1.0, 1.0e-4};
  for (size_t t = 0; t < positions.size(); ++t)
    for (size_t lane = 0; lane < 4; ++lane) {
      long double scaled = std::round(std::ldexp(static_cast<long double>(theta[lane / 2]) / turn, 64));
      uint64_t fraction = static_cast<uint64_t>(scaled) * static_cast<uint64_t>(positions[t]);
      long double angle = std::ldexp(static_cast<long double>(fraction), -64) * turn;
      EXPECT_NEAR(cosine[t * 4 + lane], std::cos(angle), 1.5e-7)
          << "position " << positions[t] << " lane " << lane;
      EXPECT_NEAR(sine[t * 4 + lane], std::sin(angle), 1.5e-7)
          << "position " << positions[t] << " lane " << lane;
      size_t half = lane / 2 + (lane % 2) * 2;
      EXPECT_EQ(cosineHalves[t * 4 + half], cosine[t * 4 + lane]);
      EXPECT_EQ(sineHalves[t * 4 + half], sine[t * 4 + lane]);
    }
}

TEST(PositionKernels, PositionsContinueAndRestart) {
  std::string text = R"(
rondo.state @state.position carried : tensor<i64>
func.func @stretch(%x: tensor<2x700xi32>, %r: tensor<2x700xi8>, %n: tensor<2xi32>, %slot: tensor<2xi32>) -> tensor<2x700xi64>
    attributes {rondo.entry = #rondo.entry<prefill, B = 2, T = 700, slots = 3>} {
  %start = rondo.read_state @state.position[%slot] : (tensor<2xi32>) -> tensor<2xi64>
  %p, %next = rondo.positions %x start(%start) reset(%r) length(%n)
      : (tensor<2x700xi32>, tensor<2xi64>, tensor<2x700xi8>, tensor<2xi32>) -> (tensor<2x700xi64>, tensor<2xi64>)
  rondo.write_state %next, @state.position[%slot] : tensor<2xi64>, tensor<2xi32>
  return %p : tensor<2x700xi64>
}
)";
  CompiledModule module(text);
  std::mt19937_64 random(5);
  std::vector<int32_t> slots{2, 0}, tokens(1400);
  std::vector<int64_t> next{int64_t(1) << 40, 5};
  module.state("state.position").as<int64_t>()[2] = next[0];
  module.state("state.position").as<int64_t>()[0] = next[1];
  for (int stretch = 0; stretch < 6; ++stretch) {
    std::vector<int32_t> lengths{static_cast<int32_t>(random() % 701), stretch % 2 ? 0 : 700};
    std::vector<int8_t> resets(1400);
    for (int8_t &reset : resets)
      reset = stretch > 1 && random() % 300 == 0;
    std::vector<Buffer> inputs;
    inputs.push_back(Buffer::of(tokens));
    inputs.push_back(Buffer::of(resets));
    inputs.push_back(Buffer::of(lengths));
    inputs.push_back(Buffer::of(slots));
    std::vector<int64_t> positions = module.run("stretch", inputs)[0].values<int64_t>();
    for (int64_t b = 0; b < 2; ++b) {
      for (int64_t t = 0; t < lengths[b]; ++t) {
        if (resets[b * 700 + t])
          next[b] = 0;
        ASSERT_EQ(positions[b * 700 + t], next[b]) << "row " << b << " time " << t << " stretch " << stretch;
        ++next[b];
      }
      ASSERT_EQ(module.state("state.position").as<int64_t>()[slots[b]], next[b]);
    }
  }
}

TEST(PositionKernels, LastRowIsThatOfTheLength) {
  std::string text = R"(
func.func @last(%x: tensor<3x5x20xf32>, %n: tensor<3xi32>) -> tensor<3x1x20xf32>
    attributes {rondo.entry = #rondo.entry<forward, B = 3, T = 5, slots = 1>} {
  %y = rondo.last_row %x, %n : (tensor<3x5x20xf32>, tensor<3xi32>) -> tensor<3x1x20xf32>
  return %y : tensor<3x1x20xf32>
}
)";
  CompiledModule module(text);
  std::vector<float> x(300);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = i < 100 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(i);
  std::vector<Buffer> inputs;
  inputs.push_back(Buffer::of(x));
  inputs.push_back(Buffer::of(std::vector<int32_t>{0, 5, 2}));
  std::vector<float> y = module.run("last", inputs)[0].values<float>();
  for (int64_t i = 0; i < 20; ++i) {
    EXPECT_EQ(y[i], 0.0f);
    EXPECT_EQ(y[20 + i], x[100 + 4 * 20 + i]);
    EXPECT_EQ(y[40 + i], x[200 + 1 * 20 + i]);
  }
}

TEST(PositionKernels, LogProbabilitiesStreamTheVocabulary) {
  constexpr int64_t time = 70, depth = 24, vocabulary = 601;
  std::string text = R"(
func.func @score(%x: tensor<2x70x24xf32>, %w: tensor<601x24xf32>, %t: tensor<2x70xi32>) -> tensor<2x70xf32>
    attributes {rondo.entry = #rondo.entry<forward, B = 2, T = 70, slots = 1>} {
  %y, %lse = rondo.linear_log_prob %x, %w, %t : (tensor<2x70x24xf32>, tensor<601x24xf32>, tensor<2x70xi32>) -> (tensor<2x70xf32>, tensor<2x70xf32>)
  return %y : tensor<2x70xf32>
}
)";
  CompiledModule module(text);
  std::mt19937_64 random(6);
  std::normal_distribution<float> normal;
  std::vector<float> x(2 * time * depth), w(vocabulary * depth);
  for (float &value : x)
    value = 3 * normal(random);
  for (float &value : w)
    value = normal(random);
  std::vector<int32_t> targets(2 * time);
  for (size_t i = 0; i < targets.size(); ++i)
    targets[i] = i == 0 ? 0 : i == 1 ? vocabulary - 1 : static_cast<int32_t>(random() % vocabulary);
  std::vector<Buffer> inputs;
  inputs.push_back(Buffer::of(x));
  inputs.push_back(Buffer::of(w));
  inputs.push_back(Buffer::of(targets));
  std::vector<float> logProb = module.run("score", inputs)[0].values<float>();
  for (int64_t row = 0; row < 2 * time; ++row) {
    std::vector<double> logits(vocabulary);
    double maximum = -1e300, sum = 0;
    for (int64_t n = 0; n < vocabulary; ++n) {
      for (int64_t i = 0; i < depth; ++i)
        logits[n] += double(x[row * depth + i]) * w[n * depth + i];
      maximum = std::max(maximum, logits[n]);
    }
    for (double logit : logits)
      sum += std::exp(logit - maximum);
    EXPECT_NEAR(logProb[row], logits[targets[row]] - maximum - std::log(sum), 2e-5) << "row " << row;
  }
}
