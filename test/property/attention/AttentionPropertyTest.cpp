// Compiled attention and its gradients against float64, on every kind of pattern, document and cache.
#include "test/property/CaseFactor.h"
#include "test/property/attention/AttentionChecks.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

using namespace rondo::test;
using rondo::reference::NamedValue;

namespace {

template <typename Check> void forCases(uint64_t first, uint64_t count, Check check) {
  for (uint64_t seed = first; seed < first + count * rondo::property::caseFactor(); ++seed) {
    Random random(seed);
    AttentionCase shape = attentionCase(seed, random);
    SCOPED_TRACE("seed " + std::to_string(seed) + ":" + shape.forwardLine());
    check(shape, random);
    if (testing::Test::HasFatalFailure())
      return;
  }
}

} // namespace

TEST(Attention, AgreesWithFloat64) {
  forCases(0, 16, [](const AttentionCase &shape, Random &random) { checkForward(shape, random); });
}

TEST(Attention, ARowIsTheSameAloneAndInCompany) {
  forCases(100, 6, [](AttentionCase shape, Random &random) {
    shape.batch = 3;
    AttentionCase one = shape;
    one.batch = 1;
    AttentionInputs inputs(shape, random);
    CompiledModule together(forwardEntry(shape)), alone(forwardEntry(one));
    std::vector<Buffer> all = inputs.buffers();
    std::vector<Buffer> found = together.run("forward", all);
    for (int64_t b = 0; b < 3; ++b) {
      std::vector<Buffer> part = inputs.row(one, b).buffers();
      std::vector<Buffer> row = alone.run("forward", part);
      for (size_t result = 0; result < 2; ++result) {
        std::vector<float> expected = row[result].values<float>(), company = found[result].values<float>();
        auto begin = company.begin() + b * static_cast<int64_t>(expected.size());
        EXPECT_TRUE(sameBits(expected, {begin, begin + static_cast<int64_t>(expected.size())}));
      }
    }
  });
}

TEST(Attention, GradientsAgreeWithFloat64) {
  forCases(200, 12, [](const AttentionCase &shape, Random &random) { checkGradients(shape, random); });
}

// So many batch rows or whole segments that workgroups own segments, of all patterns or of the first, and
// compute their weights once.
TEST(Attention, GradientsOfManySegmentsAgreeWithFloat64) {
  forCases(220, 8, [](AttentionCase shape, Random &random) {
    int64_t eighth = std::max(shape.time / 8, *std::max_element(shape.ratios.begin(), shape.ratios.end()));
    switch (random() % 3) {
    case 0:
      shape.batch = 8;
      break;
    case 1:
      shape.segments.assign(shape.segments.size(), eighth);
      break;
    default:
      shape.segments.front() = eighth;
    }
    checkGradients(shape, random);
  });
}

// Over a tile of 64 rows e^(2 * 63) is no f32.
TEST(Attention, LaneDecayOfAnyStrengthStaysFinite) {
  for (bool steps : {false, true}) {
    Random random(11);
    AttentionCase shape;
    shape.time = 300;
    shape.heads = shape.keyHeads = 2;
    shape.keyWidth = shape.valueWidth = 4;
    shape.segments = {300, 64};
    shape.ratios = {4, 1};
    shape.decay = {-0.5, -2, 0, -0.1};
    shape.documents = shape.caches = steps;
    SCOPED_TRACE(shape.forwardLine());
    checkForward(shape, random);
    checkGradients(shape, random);
  }
}

static Tensor absolute(Tensor tensor) {
  for (double &value : tensor.data)
    value = std::abs(value);
  return tensor;
}

static void checkPatternDots(const AttentionCase &shape, const AttentionInputs &inputs, const Tensor &lse) {
  NamedValue dO = shape.o("%do"), delta = shape.delta(inputs.problem.patterns());
  CompiledModule module(shape.function(
      "dots", attentionArguments(shape, {shape.lse(), dO}),
      shape.documentsLine() +
          shape.line("attention_pattern_dots", {shape.q(), shape.k(), shape.v(), shape.lse(), dO}, {delta}),
      {delta}));
  auto found = runTwice(module, "dots", inputs.buffers({&lse, &inputs.dO}));
  Summed expected(std::vector<int64_t>{shape.batch, shape.time, shape.heads, inputs.problem.patterns()});
  AttentionProblem sizes = inputs.problem;
  sizes.v = absolute(sizes.v);
  for (size_t cache = 1; cache < sizes.caches.size(); cache += 2)
    sizes.caches[cache] = absolute(sizes.caches[cache]);
  expected.value = patternDots(inputs.problem, inputs.dO);
  expected.magnitude = patternDots(sizes, absolute(inputs.dO));
  // Weights of a pattern that is nearly nothing in the mixture: its own sum divides.
  expectNear(found[0], expected, 2 * lossOf(inputs.problem, lse), "delta");
}

TEST(Attention, DotsOfPatternsAgreeWithFloat64) {
  forCases(300, 6, [](const AttentionCase &shape, Random &random) {
    AttentionInputs inputs(shape, random);
    checkPatternDots(shape, inputs, rounded(attend(inputs.problem).lse));
  });
}

// A pattern whose weight in the mixture is no f32: its gradient is nothing, not NaN.
TEST(Attention, DotsOfAPatternThatWeighsNothingAreFinite) {
  Random random(9);
  AttentionCase shape;
  shape.time = 8;
  shape.keyWidth = shape.valueWidth = 4;
  shape.segments = {8, 1};
  shape.ratios = {1, 1};
  AttentionInputs inputs(shape, random);
  for (int64_t d = 0; d < 4; ++d) { // position 7 looks at position 0, not at itself
    inputs.problem.q.at({0, 7, 0, d}) = inputs.problem.k.at({0, 0, 0, d}) = 8;
    inputs.problem.k.at({0, 7, 0, d}) = -8;
  }
  NamedValue dO = shape.o("%do"), delta = shape.delta(2);
  Tensor lse = rounded(attend(inputs.problem).lse);
  CompiledModule module(shape.function(
      "dots", attentionArguments(shape, {shape.lse(), dO}),
      shape.line("attention_pattern_dots", {shape.q(), shape.k(), shape.v(), shape.lse(), dO}, {delta}),
      {delta}));
  std::vector<float> found = runTwice(module, "dots", inputs.buffers({&lse, &inputs.dO}))[0];
  for (float value : found)
    EXPECT_TRUE(std::isfinite(value));
}

// Segments that hold everything, and one pattern twice: both are plain attention.
TEST(Attention, PatternsThatCoverEverythingArePlainAttention) {
  for (bool bidirectional : {false, true}) {
    Random random(7);
    AttentionCase shape;
    shape.batch = 2;
    shape.time = 130;
    shape.heads = shape.keyHeads = 2;
    shape.keyWidth = 16;
    shape.valueWidth = 24;
    shape.scale = 0.25;
    shape.bidirectional = bidirectional;
    for (const std::vector<int64_t> &segments : {std::vector<int64_t>{130}, {1000000}, {130, 200}}) {
      shape.segments = segments;
      shape.ratios.assign(segments.size(), 1);
      AttentionInputs inputs(shape, random);
      CompiledModule module(forwardEntry(shape));
      auto found = runTwice(module, "forward", inputs.buffers());
      for (int64_t row = 0; row < 2 * 130 * 2; ++row) {
        int64_t head = row % 2, t = row / 2 % 130, b = row / 260, keys = bidirectional ? 130 : t + 1;
        std::vector<double> weights;
        double sum = 0;
        for (int64_t j = 0; j < keys; ++j) {
          double score = 0;
          for (int64_t d = 0; d < 16; ++d)
            score += 0.25 * inputs.problem.q.at({b, t, head, d}) * inputs.problem.k.at({b, j, head, d});
          weights.push_back(std::exp(score));
          sum += weights.back();
        }
        ASSERT_NEAR(found[1][row], std::log(sum * static_cast<double>(segments.size())), 1e-5);
        for (int64_t d = 0; d < 24; ++d) {
          double o = 0;
          for (int64_t j = 0; j < keys; ++j)
            o += weights[j] / sum * inputs.problem.v.at({b, j, head, d});
          ASSERT_NEAR(found[0][row * 24 + d], o, 1e-5) << "row " << row;
        }
      }
    }
  }
}
