// Compiled row scales of retention's derivative against the formula in f64.
#include "test/property/retention/CompiledModule.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

using namespace rondo::test;

namespace {

struct ScaleCase {
  int64_t time;
  bool byScores, hasInitial, hasLength;
};

void PrintTo(const ScaleCase &c, std::ostream *out) {
  *out << "T=" << c.time << (c.byScores ? " by scores" : "") << (c.hasInitial ? " initial" : "")
       << (c.hasLength ? " length" : "");
}

constexpr int64_t kBatch = 2, kHeads = 4, kKeyHeads = 2, kKeyWidth = 5, kWidth = 6;
constexpr double kDecay[] = {0.96875, 1.0, 0.0, 0.3};

std::string textOf(const ScaleCase &c) {
  std::string time = std::to_string(c.time), x = "tensor<2x" + time + "x4x6xf32>",
              q = "tensor<2x" + time + "x4x5xf32>", k = "tensor<2x" + time + "x2x5xf32>",
              arguments = "%x: " + x, clauses, types = x;
  auto add = [&](const std::string &argument, const std::string &type) {
    arguments += ", " + argument + ": " + type;
    types += ", " + type;
  };
  if (c.byScores) {
    add("%q", q);
    add("%k", k);
    clauses += " scores(%q, %k)";
  }
  if (c.hasInitial) {
    add("%a", "tensor<2x4xf32>");
    clauses += " init_scale(%a)";
  }
  if (c.hasLength) {
    add("%n", "tensor<2xi32>");
    clauses += " length(%n)";
  }
  return "func.func @scale(" + arguments + ") -> " + x +
         " attributes {rondo.entry = #rondo.entry<forward, B = 2, T = " + time +
         ", slots = 2>} {\n%y = rondo.retention_scale_rows %x" + clauses +
         " decay [0.96875, 1.0, 0.0, 0.3] by " +
         (c.byScores ? "torchscale_parallel" : "torchscale_recurrent") + " : (" + types + ") -> " + x +
         "\nreturn %y : " + x + "\n}";
}

class ScaleRows : public testing::TestWithParam<ScaleCase> {
protected:
  std::vector<float> values(int64_t count) {
    std::normal_distribution<float> normal;
    std::vector<float> result(count);
    for (float &value : result)
      value = normal(random);
    return result;
  }
  std::mt19937_64 random{17};
};

TEST_P(ScaleRows, EqualTheFormula) {
  const ScaleCase &c = GetParam();
  int64_t rows = kBatch * c.time;
  std::vector<float> x = values(rows * kHeads * kWidth), q = values(rows * kHeads * kKeyWidth),
                     k = values(rows * kKeyHeads * kKeyWidth), initial = values(kBatch * kHeads);
  for (float &a : initial)
    a = std::abs(a);
  std::vector<int32_t> length{static_cast<int32_t>(c.time / 2), static_cast<int32_t>(c.time)};
  if (c.hasLength) // what stands in padding must not spread
    std::fill_n(x.begin() + length[0] * kHeads * kWidth, (c.time - length[0]) * kHeads * kWidth,
                std::numeric_limits<float>::quiet_NaN());
  std::vector<Buffer> inputs;
  inputs.push_back(Buffer::of(x));
  if (c.byScores) {
    inputs.push_back(Buffer::of(q));
    inputs.push_back(Buffer::of(k));
  }
  if (c.hasInitial)
    inputs.push_back(Buffer::of(initial));
  if (c.hasLength)
    inputs.push_back(Buffer::of(length));
  CompiledModule module(textOf(c));
  std::vector<float> y = module.run("scale", inputs, /*shares=*/2)[0].values<float>();

  for (int64_t b = 0; b < kBatch; ++b)
    for (int64_t h = 0; h < kHeads; ++h) {
      double a = c.hasInitial ? initial[b * kHeads + h] : 0;
      for (int64_t t = 0; t < c.time; ++t) {
        a = kDecay[h] * a + 1;
        double sum = 0;
        for (int64_t m = 0; c.byScores && m <= t; ++m) {
          double score = 0;
          for (int64_t i = 0; i < kKeyWidth; ++i)
            score += static_cast<double>(q[((b * c.time + t) * kHeads + h) * kKeyWidth + i]) *
                     k[((b * c.time + m) * kKeyHeads + h / (kHeads / kKeyHeads)) * kKeyWidth + i];
          sum += std::abs(score) * std::pow(kDecay[h], t - m) / std::sqrt(a);
        }
        double factor = 1 / (std::sqrt(a) * std::clamp(sum, 1.0, 5e4));
        bool isPadding = c.hasLength && t >= length[b];
        for (int64_t j = 0; j < kWidth; ++j) {
          int64_t place = ((b * c.time + t) * kHeads + h) * kWidth + j;
          double expected = isPadding ? 0 : factor * x[place];
          EXPECT_NEAR(y[place], expected, 2e-6 * std::abs(expected)) << b << ' ' << t << ' ' << h << ' ' << j;
        }
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Cases, ScaleRows,
                         testing::Values(ScaleCase{1, true, false, false}, ScaleCase{7, true, false, false},
                                         ScaleCase{64, true, false, false},
                                         ScaleCase{150, true, false, false},
                                         ScaleCase{1, false, false, false}, ScaleCase{70, false, false, true},
                                         ScaleCase{130, false, true, true},
                                         ScaleCase{9, false, true, false}));

} // namespace
