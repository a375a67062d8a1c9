// Compiled gradients of activations and shared heads, document starts, and the gradient by a decay.
#include "test/property/gradients/GradientCase.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <numbers>

using namespace rondo::test;

namespace {

double inverseNorm(const float *x, int64_t width) {
  double squares = 0;
  for (int64_t i = 0; i < width; ++i)
    squares += double(x[i]) * x[i];
  return 1 / std::sqrt(squares / double(width) + 1e-6);
}

// Terms whose sum is the derivative of an activation.
std::vector<double> slopeTerms(const std::string &kind, double x) {
  double sigmoid = 1 / (1 + std::exp(-x)), slope = sigmoid / (1 + std::exp(x));
  if (kind == "silu")
    return {sigmoid, x * slope};
  if (kind == "sigmoid")
    return {slope};
  if (kind == "gelu")
    return {0.5, 0.5 * std::erf(x / std::numbers::sqrt2),
            x * std::exp(-x * x / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2};
  if (kind == "tanh")
    return {1 / (std::cosh(x) * std::cosh(x))};
  return {x > 0 ? 1.0 : 0.0};
}

} // namespace

TEST(ActivationGrad, EveryKindIsExact) {
  std::mt19937_64 random(10);
  std::string type = tensor({1, 9, 37});
  for (const char *kind : {"silu", "gelu", "relu", "sigmoid", "tanh"}) {
    SCOPED_TRACE(kind);
    Floats x = randomFloats(333, random), dy = randomFloats(333, random);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] *= i % 3 == 0 ? 1.0f : i % 3 == 1 ? 5.0f : 40.0f;
    const float special[] = {0.0f, -0.0f, 88.0f, -88.0f, 1e30f, -1e30f, 1e-30f};
    std::copy(std::begin(special), std::end(special), x.begin());
    GradientCase test{{type, type}, "", type, 1, 9};
    test.body = std::string("  %r = rondo.activation_grad ") + kind + " %a0, %a1 : (" + type + ", " + type +
                ") -> " + type;
    std::vector<Buffer> inputs;
    inputs.push_back(Buffer::of(x));
    inputs.push_back(Buffer::of(dy));
    std::vector<Expected> expected(x.size());
    for (size_t i = 0; i < x.size(); ++i)
      for (double term : slopeTerms(kind, x[i]))
        expected[i].add(std::isnan(term) ? 0 : term * dy[i]); // inf times 0 in float64 at 1e30
    expectNear(test.run(inputs), expected, 1, 1e-37);
  }
}

// The rows of a product pass through an activation's gradient and a norm's within one kernel.
TEST(LinearGrad, FusedWithWhatFollows) {
  std::mt19937_64 random(11);
  constexpr int64_t rows = 130, n = 70, k = 48;
  Floats dy = randomFloats(rows * n, random), w = randomFloats(n * k, random),
         x = randomFloats(rows * k, random);
  std::string dyType = tensor({1, rows, n}), wType = tensor({n, k}, "f32", true),
              xType = tensor({1, rows, k});
  GradientCase test{{dyType, wType, xType}, "", xType, 1, rows};
  test.body = "  %p = rondo.linear_grad_input %a0, %a1 : (" + dyType + ", " + wType + ") -> " + xType +
              "\n  %q = rondo.activation_grad relu %a2, %p : (" + xType + ", " + xType + ") -> " + xType +
              "\n  %r = rondo.rms_norm_grad %a2, %q eps 1.0e-6 : (" + xType + ", " + xType + ") -> " + xType;
  std::vector<Buffer> inputs;
  for (const Floats &values : {dy, toPanels(w, n, k), x})
    inputs.push_back(Buffer::of(values));
  std::vector<Expected> expected(rows * k);
  for (int64_t row = 0; row < rows; ++row) {
    std::vector<Expected> g(k);
    Expected inner;
    double r = inverseNorm(&x[row * k], k);
    for (int64_t j = 0; j < k; ++j) {
      for (int64_t i = 0; i < n && x[row * k + j] > 0; ++i)
        g[j].add(double(dy[row * n + i]) * w[i * k + j]);
      inner.value += x[row * k + j] * g[j].value / k;
      inner.magnitude += std::abs(x[row * k + j]) * g[j].magnitude / k;
    }
    for (int64_t j = 0; j < k; ++j) {
      double along = r * r * r * x[row * k + j];
      expected[row * k + j] = {r * g[j].value - along * inner.value,
                               r * g[j].magnitude + std::abs(along) * inner.magnitude};
    }
  }
  expectNear(test.run(inputs), expected, n + k);
}

TEST(SumHeads, AddsConsecutiveHeads) {
  std::mt19937_64 random(12);
  for (auto [heads, groups, width] : {std::array<int64_t, 3>{8, 2, 12}, {3, 3, 16}, {6, 1, 5}}) {
    std::string from = tensor({2, 35, heads, width}), to = tensor({2, 35, groups, width});
    Floats x = randomFloats(70 * heads * width, random);
    GradientCase test{{from}, "", to, 2, 35};
    test.body = "  %r = rondo.sum_heads %a0 to " + std::to_string(groups) + " : (" + from + ") -> " + to;
    std::vector<Buffer> inputs;
    inputs.push_back(Buffer::of(x));
    std::vector<Expected> expected(70 * groups * width);
    for (int64_t row = 0; row < 70; ++row)
      for (int64_t head = 0; head < heads; ++head)
        for (int64_t i = 0; i < width; ++i)
          expected[(row * groups + head / (heads / groups)) * width + i].add(
              x[(row * heads + head) * width + i]);
    expectNear(test.run(inputs), expected, heads);
  }
}

TEST(SegmentStarts, MarksChanges) {
  std::mt19937_64 random(13);
  for (int64_t time : {1, 2, 40, 4097, 9001}) {
    std::vector<int32_t> segments(2 * time);
    for (int32_t &segment : segments)
      segment = static_cast<int32_t>(random() % 3);
    std::string from = tensor({2, time}, "i32"), to = tensor({2, time}, "i8");
    GradientCase test{{from}, "  %r = rondo.segment_starts %a0 : (" + from + ") -> " + to, to, 2, time};
    std::vector<Buffer> inputs;
    inputs.push_back(Buffer::of(segments));
    std::vector<int8_t> reset = test.run<int8_t>(inputs);
    for (int64_t i = 0; i < 2 * time; ++i)
      ASSERT_EQ(reset[i], i % time > 0 && segments[i] != segments[i - 1])
          << "time " << time << " place " << i;
  }
}

namespace {

struct DecayCase {
  int64_t batch, time, queryHeads, keyHeads, heads, width, valueWidth;
  bool states, resets, length;
};

struct DecayInputs {
  Floats q, dq, k, dk, state, dState;
  std::vector<int8_t> starts;
  std::vector<int32_t> lengths;
};

DecayInputs randomInputs(const DecayCase &c, std::mt19937_64 &random) {
  int64_t row = c.batch * c.time * c.width, states = c.batch * c.heads * c.width * c.valueWidth;
  DecayInputs in{randomFloats(row * c.queryHeads, random),
                 randomFloats(row * c.heads, random),
                 randomFloats(row * c.keyHeads, random),
                 randomFloats(row * c.heads, random),
                 randomFloats(states, random),
                 randomFloats(states, random),
                 std::vector<int8_t>(c.batch * c.time),
                 {}};
  for (int8_t &start : in.starts)
    start = c.resets && random() % 9 == 0;
  for (int64_t b = 0; b < c.batch; ++b)
    in.lengths.push_back(!c.length || b == 0 ? c.time : random() % c.time);
  for (int64_t i = 0; i < row * c.heads; ++i) // what lies in the padding does not count
    if (i / (c.heads * c.width) % c.time >= in.lengths[i / (c.heads * c.width * c.time)])
      in.dq[i] = std::numeric_limits<float>::quiet_NaN();
  return in;
}

std::vector<Expected> decayGradient(const DecayCase &c, const DecayInputs &in) {
  std::vector<Expected> expected(c.batch * c.time * c.heads);
  int64_t slot = c.width * c.valueWidth;
  for (int64_t b = 0; b < c.batch; ++b)
    for (int64_t h = 0; h < c.heads; ++h) {
      Expected sum;
      for (int64_t i = 0; i < slot && c.states; ++i)
        sum.add(double(in.state[(b * c.heads + h) * slot + i]) * in.dState[(b * c.heads + h) * slot + i]);
      for (int64_t t = in.lengths[b] - 1; t >= 0; --t) {
        int64_t row = b * c.time + t, qHead = h * c.queryHeads / c.heads, kHead = h * c.keyHeads / c.heads;
        for (int64_t i = 0; i < c.width; ++i) {
          int64_t own = (row * c.heads + h) * c.width + i;
          sum.add(double(in.q[(row * c.queryHeads + qHead) * c.width + i]) * in.dq[own]);
          sum.add(-double(in.k[(row * c.keyHeads + kHead) * c.width + i]) * in.dk[own]);
        }
        if (in.starts[row])
          sum = {};
        expected[row * c.heads + h] = sum;
      }
    }
  return expected;
}

void checkGradDecay(const DecayCase &c, std::mt19937_64 &random) {
  auto rows = [&](int64_t heads) { return tensor({c.batch, c.time, heads, c.width}); };
  std::string state = tensor({c.batch, c.heads, c.width, c.valueWidth}), length = tensor({c.batch}, "i32");
  std::string reset = tensor({c.batch, c.time}, "i8");
  GradientCase test{
      {rows(c.queryHeads), rows(c.heads), rows(c.keyHeads), rows(c.heads), state, state, reset, length},
      "",
      tensor({c.batch, c.time, c.heads}),
      c.batch,
      c.time};
  std::string types =
      rows(c.queryHeads) + ", " + rows(c.heads) + ", " + rows(c.keyHeads) + ", " + rows(c.heads);
  types += (c.states ? ", " + state + ", " + state : "") + (c.resets ? ", " + reset : "") +
           (c.length ? ", " + length : "");
  test.body = "  %r = rondo.retention_grad_decay %a0, %a1, %a2, %a3" +
              std::string(c.states ? " final(%a4, %a5)" : "") + (c.resets ? " reset(%a6)" : "") +
              (c.length ? " length(%a7)" : "") + " : (" + types + ") -> " + test.result;
  DecayInputs in = randomInputs(c, random);
  std::vector<Buffer> inputs;
  for (const Floats &values : {in.q, in.dq, in.k, in.dk, in.state, in.dState})
    inputs.push_back(Buffer::of(values));
  inputs.push_back(Buffer::of(in.starts));
  inputs.push_back(Buffer::of(in.lengths));
  expectNear(test.run(inputs), decayGradient(c, in), c.time + c.width * c.valueWidth);
}

} // namespace

TEST(RetentionGradDecay, AgreesWithFloat64) {
  std::mt19937_64 random(14);
  checkGradDecay({2, 40, 3, 3, 3, 16, 8, false, false, false}, random);
  checkGradDecay({2, 33, 2, 1, 4, 5, 7, true, false, false}, random);
  checkGradDecay({3, 50, 1, 1, 1, 24, 20, true, true, true}, random);
  checkGradDecay({4, 21, 2, 4, 4, 40, 33, true, true, true}, random);
  checkGradDecay({1, 1, 4, 4, 4, 40, 33, false, true, false}, random);
}
