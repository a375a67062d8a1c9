// Properties of the compiled losses: definitions in float64, extremes, and bits that nothing else decides.
#include "test/property/CaseFactor.h"
#include "test/property/loss/LossCase.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace rondo::test;

namespace {

bool sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

void checkCase(const LossShape &shape, float spread, uint64_t seed) {
  SCOPED_TRACE(shape.describe() + " spread " + std::to_string(spread) + " seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  LossInputs inputs = LossInputs::random(shape, spread, random);
  CompiledModule module(shape.module());
  LossOutputs alone = runLoss(shape, module, inputs);
  expectDefinitions(shape, inputs, alone);
  expectDefinitions(shape, inputs, runLoss(shape, module, inputs, /*ofSum=*/true), /*ofSum=*/true);
  LossOutputs shared = runLoss(shape, module, inputs, /*ofSum=*/false, /*shares=*/2);
  EXPECT_TRUE(sameBits(alone.logProb, shared.logProb));
  EXPECT_TRUE(sameBits(alone.logSumExp, shared.logSumExp));
  EXPECT_TRUE(sameBits(alone.loss, shared.loss));
  EXPECT_TRUE(sameBits(alone.dx, shared.dx));
  EXPECT_TRUE(sameBits(alone.dWeight, shared.dWeight));
}

} // namespace

// Tails of rows, of columns, of the vocabulary's blocks and panels, several batch rows in one tile, blocks of
// the contraction.
TEST(LossKernels, EqualDefinitions) {
  uint64_t seed = 20;
  for (bool panels : {false, true}) {
    checkCase({2, 70, 24, 601, panels}, 3, ++seed);
    checkCase({1, 1, 5, 3, panels}, 1, ++seed);
    checkCase({7, 5, 16, 33, panels}, 2, ++seed);
    checkCase({40, 3, 8, 65, panels}, 2, ++seed);
    checkCase({1, 150, 300, 90, panels}, 2, ++seed);
  }
}

TEST(LossKernels, EqualDefinitionsOnRandomShapes) {
  for (uint64_t seed = 100; seed < 100 + 4 * rondo::property::caseFactor(); ++seed) {
    std::mt19937_64 random(seed);
    auto upTo = [&](int64_t most) { return static_cast<int64_t>(1 + random() % most); };
    LossShape shape{upTo(6), upTo(90), upTo(80), 1 + upTo(400), random() % 2 == 0};
    checkCase(shape, static_cast<float>(std::exp(static_cast<double>(random() % 6) - 2)), seed);
  }
}

TEST(LossKernels, HugeLogitsStayFinite) {
  LossShape shape{2, 20, 4, 300, true};
  std::mt19937_64 random(5);
  LossInputs inputs = LossInputs::random(shape, 5000, random);
  CompiledModule module(shape.module());
  LossOutputs outputs = runLoss(shape, module, inputs);
  for (const std::vector<float> *values : {&outputs.logProb, &outputs.dx, &outputs.dWeight, &outputs.loss})
    for (float value : *values)
      ASSERT_TRUE(std::isfinite(value));
  expectDefinitions(shape, inputs, outputs);
}

// One word's score is 200 above all others: where it is the target nothing is to be learned, and its
// probability is 1 to the last bit.
TEST(LossKernels, CertainTargetsHaveNoGradient) {
  LossShape shape{1, 20, 3, 100, false};
  LossInputs inputs{std::vector<float>(60, 0.0f), std::vector<float>(300, 0.0f), std::vector<int32_t>(20, 42),
                    std::vector<float>(20, 1.0f)};
  for (int64_t row = 0; row < 20; ++row)
    inputs.x[row * 3] = 20;
  inputs.weight[42 * 3] = 10;
  inputs.weight[7 * 3 + 1] = 1;
  inputs.targets[11] = 7;
  CompiledModule module(shape.module());
  LossOutputs outputs = runLoss(shape, module, inputs, /*ofSum=*/true);
  for (int64_t row = 0; row < 20; ++row) {
    EXPECT_EQ(outputs.logProb[row], row == 11 ? -200.0f : 0.0f);
    EXPECT_EQ(outputs.dx[row * 3], row == 11 ? 10.0f : 0.0f);
    EXPECT_EQ(outputs.dx[row * 3 + 1], row == 11 ? -1.0f : 0.0f);
  }
  EXPECT_EQ(outputs.dWeight[42 * 3], 20.0f);
  EXPECT_EQ(outputs.dWeight[7 * 3], -20.0f);
}

TEST(LossKernels, NoWeightGivesNoLossAndNoGradient) {
  LossShape shape{2, 9, 6, 50, false};
  std::mt19937_64 random(6);
  LossInputs inputs = LossInputs::random(shape, 1, random);
  CompiledModule module(shape.module());
  auto expectNothing = [&](const LossOutputs &outputs) {
    EXPECT_EQ(outputs.loss[0], 0.0f);
    EXPECT_EQ(outputs.weightSum[0], 0.0f);
    for (const std::vector<float> *values : {&outputs.dLogProb, &outputs.dx, &outputs.dWeight})
      for (float value : *values)
        ASSERT_EQ(value, 0.0f);
  };
  LossInputs unweighted = inputs, untargeted = inputs;
  std::fill(unweighted.lossWeight.begin(), unweighted.lossWeight.end(), 0.0f);
  std::fill(untargeted.targets.begin(), untargeted.targets.end(), -1);
  expectNothing(runLoss(shape, module, unweighted));
  expectNothing(runLoss(shape, module, untargeted, /*ofSum=*/true));
}

// A log-probability without weight is not looked at, and neither is the weight of a token without target.
TEST(LossKernels, PaddingDoesNotSpread) {
  std::string text = R"(
func.func @loss(%lp: tensor<2x2500xf32>, %t: tensor<2x2500xi32>, %w: tensor<2x2500xf32>) -> (tensor<f32>, tensor<f32>)
    attributes {rondo.entry = #rondo.entry<forward, B = 2, T = 2500, slots = 1>} {
  %loss, %sum = rondo.mean_loss %lp, %t, %w : (tensor<2x2500xf32>, tensor<2x2500xi32>, tensor<2x2500xf32>) -> (tensor<f32>, tensor<f32>)
  return %loss, %sum : tensor<f32>, tensor<f32>
}
)";
  std::vector<float> logProb(5000), weight(5000, 1.0f);
  std::vector<int32_t> targets(5000, 1);
  double sum = 0, weights = 0;
  for (int64_t i = 0; i < 5000; ++i) {
    logProb[i] = -static_cast<float>(i % 97) / 8;
    weight[i] = static_cast<float>(i % 3);
    if (i % 3 == 0)
      logProb[i] = -INFINITY;
    if (i % 11 == 1) {
      targets[i] = -1;
      weight[i] = NAN;
    }
    if (targets[i] >= 0 && weight[i] > 0) {
      sum -= double(weight[i]) * logProb[i];
      weights += weight[i];
    }
  }
  CompiledModule module(text);
  std::vector<Buffer> inputs;
  inputs.push_back(Buffer::of(logProb));
  inputs.push_back(Buffer::of(targets));
  inputs.push_back(Buffer::of(weight));
  std::vector<Buffer> outputs = module.run("loss", inputs);
  EXPECT_NEAR(outputs[0].as<float>()[0], sum / weights, 1e-6 * sum / weights);
  EXPECT_EQ(outputs[1].as<float>()[0], static_cast<float>(weights));
}
