// Compiled norms and biases, and their gradients, against float64.
#include "test/property/CaseFactor.h"
#include "test/property/gradients/GradientCase.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numeric>

using namespace rondo::test;

namespace {

std::vector<int64_t> withHeads(int64_t batch, int64_t time, int64_t heads, int64_t width) {
  return heads ? std::vector<int64_t>{batch, time, heads, width} : std::vector<int64_t>{batch, time, width};
}

struct NormCase {
  int64_t batch, time, heads, width; // heads 0: none
  std::string norm = "rms_norm";
  bool weighted = false;
  double offset = 0; // added to every x

  bool centres() const { return norm == "layer_norm"; }
  int64_t runs() const { return batch * time * std::max<int64_t>(heads, 1); }
  std::string type() const { return tensor(withHeads(batch, time, heads, width)); }
  std::string weightType() const { return tensor({width}); }
};

struct NormInputs {
  NormInputs(const NormCase &c, std::mt19937_64 &random)
      : x(randomFloats(c.runs() * c.width, random)), dy(randomFloats(c.runs() * c.width, random)),
        w(randomFloats(c.width, random)) {
    for (float &value : x)
      value += static_cast<float>(c.offset);
  }
  Floats x, dy, w;
};

std::vector<Buffer> buffers(std::initializer_list<const Floats *> values) {
  std::vector<Buffer> result;
  for (const Floats *each : values)
    result.push_back(Buffer::of(*each));
  return result;
}

double meanOf(const std::vector<double> &values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double meanSize(std::vector<double> values) {
  for (double &value : values)
    value = std::abs(value);
  return meanOf(values);
}

// A run of x: its values less their mean if the norm centres, and 1 / sqrt(mean of squares + eps).
struct NormRun {
  NormRun(const NormCase &c, const NormInputs &in, int64_t run)
      : x(&in.x[run * c.width], &in.x[run * c.width] + c.width) {
    double mean = c.centres() ? meanOf(x) : 0;
    cancelled = c.centres() ? meanSize(x) : 0;
    for (double &value : x)
      value -= mean;
    double squares = std::inner_product(x.begin(), x.end(), x.begin(), 0.0);
    r = 1 / std::sqrt(squares / double(c.width) + 1e-6);
  }
  std::vector<double> x;
  double r, cancelled; // cancelled: the size of what the mean is made of
};

void checkNorm(const NormCase &c, std::mt19937_64 &random) {
  NormInputs in(c, random);
  GradientCase test{{c.type(), c.weightType()}, "", c.type(), c.batch, c.time};
  test.body = "  %r = rondo." + c.norm + " %a0" + (c.weighted ? ", %a1" : "") + " eps 1.0e-6 : (" + c.type() +
              (c.weighted ? ", " + c.weightType() : "") + ") -> " + c.type();
  std::vector<Buffer> inputs = buffers({&in.x, &in.w});
  std::vector<Expected> expected(in.x.size());
  for (int64_t run = 0; run < c.runs(); ++run) {
    NormRun row(c, in, run);
    for (int64_t i = 0; i < c.width; ++i) {
      double factor = row.r * (c.weighted ? in.w[i] : 1);
      // A rounding of the mean moves y, and through the root all of y.
      double magnitude =
          (std::abs(row.x[i]) + row.cancelled) * (1 + row.cancelled * row.r) * std::abs(factor);
      expected[run * c.width + i] = {row.x[i] * factor, magnitude};
    }
  }
  expectNear(test.run(inputs), expected, c.width);
}

void checkNormInput(const NormCase &c, std::mt19937_64 &random) {
  NormInputs in(c, random);
  GradientCase test{{c.type(), c.type(), c.weightType()}, "", c.type(), c.batch, c.time};
  test.body = "  %r = rondo." + c.norm + "_grad %a0, %a1" + (c.weighted ? ", %a2" : "") + " eps 1.0e-6 : (" +
              c.type() + ", " + c.type() + (c.weighted ? ", " + c.weightType() : "") + ") -> " + c.type();
  std::vector<Buffer> inputs = buffers({&in.x, &in.dy, &in.w});
  std::vector<Expected> expected(in.x.size());
  for (int64_t run = 0; run < c.runs(); ++run) {
    NormRun row(c, in, run);
    std::vector<double> g(c.width);
    for (int64_t i = 0; i < c.width; ++i)
      g[i] = double(in.dy[run * c.width + i]) * (c.weighted ? in.w[i] : 1);
    double mean = c.centres() ? meanOf(g) : 0, size = c.centres() ? meanSize(g) : 0;
    Expected inner;
    for (int64_t i = 0; i < c.width; ++i) {
      inner.add(row.x[i] * (g[i] - mean) / double(c.width));
      inner.magnitude += (row.cancelled * std::abs(g[i]) + std::abs(row.x[i]) * size) / double(c.width);
    }
    for (int64_t i = 0; i < c.width; ++i) {
      double cube = row.r * row.r * row.r, along = cube * row.x[i];
      double magnitude =
          row.r * (std::abs(g[i]) + size) + (std::abs(along) + cube * row.cancelled) * inner.magnitude;
      expected[run * c.width + i] = {row.r * (g[i] - mean) - along * inner.value,
                                     magnitude * (1 + row.cancelled * row.r)};
    }
  }
  expectNear(test.run(inputs), expected, c.width);
}

void checkNormWeight(const NormCase &c, std::mt19937_64 &random) {
  NormInputs in(c, random);
  GradientCase test{{c.type(), c.type()}, "", c.weightType(), c.batch, c.time};
  test.body = "  %r = rondo." + c.norm + "_grad_weight %a0, %a1 eps 1.0e-6 : (" + c.type() + ", " + c.type() +
              ") -> " + test.result;
  std::vector<Buffer> inputs = buffers({&in.x, &in.dy});
  std::vector<Expected> expected(c.width);
  for (int64_t run = 0; run < c.runs(); ++run) {
    NormRun row(c, in, run);
    for (int64_t i = 0; i < c.width; ++i) {
      double dy = in.dy[run * c.width + i];
      expected[i].add(dy * row.x[i] * row.r);
      expected[i].magnitude += std::abs(dy) * row.cancelled * row.r * (1 + row.cancelled * row.r);
    }
  }
  expectNear(test.run(inputs), expected, c.runs() + c.width);
}

void checkAddBias(const NormCase &c, std::mt19937_64 &random) {
  NormInputs in(c, random);
  GradientCase test{{c.type(), c.weightType()}, "", c.type(), c.batch, c.time};
  test.body = "  %r = rondo.add_bias %a0, %a1 : (" + c.type() + ", " + c.weightType() + ") -> " + c.type();
  std::vector<Buffer> inputs = buffers({&in.x, &in.w});
  std::vector<Expected> expected(in.x.size());
  for (size_t i = 0; i < in.x.size(); ++i) {
    expected[i].add(in.x[i]);
    expected[i].add(in.w[i % c.width]);
  }
  expectNear(test.run(inputs), expected, 1);
}

void checkSumRows(const NormCase &c, std::mt19937_64 &random) {
  NormInputs in(c, random);
  GradientCase test{{c.type()}, "", c.weightType(), c.batch, c.time};
  test.body = "  %r = rondo.sum_rows %a0 : (" + c.type() + ") -> " + c.weightType();
  std::vector<Buffer> inputs = buffers({&in.x});
  std::vector<Expected> expected(c.width);
  for (size_t i = 0; i < in.x.size(); ++i)
    expected[i % c.width].add(in.x[i]);
  expectNear(test.run(inputs), expected, c.runs());
}

template <typename Check> void forRandomNorms(uint64_t firstSeed, const std::string &norm, Check check) {
  for (uint64_t seed = firstSeed; seed < firstSeed + 8 * rondo::property::caseFactor(); ++seed) {
    std::mt19937_64 random(seed);
    NormCase c{pick(random, {1, 2, 3}), pick(random, {1, 7, 63, 64, 65, 130}), pick(random, {0, 0, 1, 3, 8}),
               pick(random, {1, 5, 16, 24, 64, 100})};
    c.norm = norm;
    c.weighted = seed % 2 == 0;
    if (c.centres() && c.width == 1)
      c.width = 2; // a single number is its mean: nothing but the rounding of zero is left
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + norm + " " + c.type());
    check(c, random);
    if (testing::Test::HasFatalFailure())
      return;
  }
}

} // namespace

TEST(RmsNorm, AgreesWithFloat64) { forRandomNorms(300, "rms_norm", checkNorm); }
TEST(RmsNormGrad, AgreesWithFloat64) { forRandomNorms(400, "rms_norm", checkNormInput); }
TEST(RmsNormGradWeight, AgreesWithFloat64) { forRandomNorms(500, "rms_norm", checkNormWeight); }

TEST(LayerNorm, AgreesWithFloat64) { forRandomNorms(600, "layer_norm", checkNorm); }
TEST(LayerNormGrad, AgreesWithFloat64) { forRandomNorms(700, "layer_norm", checkNormInput); }
TEST(LayerNormGradWeight, AgreesWithFloat64) { forRandomNorms(800, "layer_norm", checkNormWeight); }

TEST(AddBias, AgreesWithFloat64) { forRandomNorms(900, "rms_norm", checkAddBias); }
TEST(SumRows, AgreesWithFloat64) { forRandomNorms(1000, "rms_norm", checkSumRows); }

// More positions than 64 blocks of 64.
TEST(SumsOverRows, LargeBlocks) {
  std::mt19937_64 random(9);
  checkNormWeight({2, 2101, 0, 40}, random);
  checkNormWeight({2, 2101, 0, 40, "layer_norm"}, random);
  checkSumRows({2, 2101, 0, 40}, random);
}

// mean(x^2) - mean(x)^2 would have no digit left: the squares are 10^6 times the variance.
TEST(LayerNorm, SurvivesAMeanFarFromZero) {
  std::mt19937_64 random(10);
  NormCase c{2, 33, 0, 100, "layer_norm", true, 1000};
  NormInputs in(c, random);
  GradientCase test{{c.type()}, "", c.type(), c.batch, c.time};
  test.body = "  %r = rondo.layer_norm %a0 eps 1.0e-6 : (" + c.type() + ") -> " + c.type();
  std::vector<Buffer> inputs = buffers({&in.x});
  Floats actual = test.run(inputs);
  for (int64_t run = 0; run < c.runs(); ++run) {
    NormRun row(c, in, run);
    for (int64_t i = 0; i < c.width; ++i)
      ASSERT_NEAR(actual[run * c.width + i], row.x[i] * row.r, 1e-3); // the mean's own rounding: 1000 eps
  }
}

// A product's rows get their bias within its kernel, before the activation.
TEST(AddBias, FusedBehindAProduct) {
  std::mt19937_64 random(11);
  constexpr int64_t rows = 67, n = 48, k = 40;
  Floats x = randomFloats(rows * k, random), w = randomFloats(n * k, random), b = randomFloats(n, random);
  std::string xType = tensor({1, rows, k}), wType = tensor({n, k}, "f32", true), bType = tensor({n}),
              yType = tensor({1, rows, n});
  GradientCase test{{xType, wType, bType}, "", yType, 1, rows};
  test.body = "  %p = rondo.linear %a0, %a1 : (" + xType + ", " + wType + ") -> " + yType +
              "\n  %q = rondo.add_bias %p, %a2 : (" + yType + ", " + bType + ") -> " + yType +
              "\n  %r = rondo.activation relu %q : (" + yType + ") -> " + yType;
  Floats panels = toPanels(w, n, k);
  std::vector<Buffer> inputs = buffers({&x, &panels, &b});
  std::vector<Expected> expected(rows * n);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t j = 0; j < n; ++j) {
      Expected &sum = expected[row * n + j];
      sum.add(b[j]);
      for (int64_t i = 0; i < k; ++i)
        sum.add(double(x[row * k + i]) * w[j * k + i]);
      sum.value = std::max(sum.value, 0.0);
    }
  expectNear(test.run(inputs), expected, k + 1);
}
