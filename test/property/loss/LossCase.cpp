// Losses in float64, straight from the definitions.
#include "test/property/loss/LossCase.h"

#include <cmath>
#include <gtest/gtest.h>

namespace rondo::test {
namespace {

constexpr double eps = 0x1p-24;
constexpr int64_t panel = 32;

// Of a sum of `terms` terms, relative to the sum of their magnitudes.
double sumError(int64_t terms) { return (4 + 0.5 * std::sqrt(static_cast<double>(terms))) * eps; }

void replaceAll(std::string &text, const std::string &name, const std::string &by) {
  for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + by.size()))
    text.replace(at, name.size(), by);
}

std::vector<float> toPanels(const std::vector<float> &matrix, int64_t rows, int64_t columns) {
  std::vector<float> panels((rows + panel - 1) / panel * panel * columns, 0.0f);
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t k = 0; k < columns; ++k)
      panels[(n / panel * columns + k) * panel + n % panel] = matrix[n * columns + k];
  return panels;
}

std::vector<float> fromPanels(const std::vector<float> &panels, int64_t rows, int64_t columns) {
  std::vector<float> matrix(rows * columns);
  for (size_t i = 0; i < panels.size(); ++i) {
    int64_t lane = i % panel, k = i / panel % columns, n = i / panel / columns * panel + lane;
    if (n < rows)
      matrix[n * columns + k] = panels[i];
    else
      EXPECT_EQ(panels[i], 0.0f) << "in the rest of the last panel";
  }
  return matrix;
}

// What is known of one row.
struct RowScores {
  std::vector<double> probability;
  double target = 0, logSumExp = 0;
  double scoreError = 0; // of a score or of log_sum_exp
};

RowScores scoresOf(const LossShape &shape, const LossInputs &inputs, int64_t row) {
  RowScores scores;
  scores.probability.resize(shape.vocabulary);
  double maximum = -1e300, sum = 0, magnitude = 0;
  for (int64_t v = 0; v < shape.vocabulary; ++v) {
    double score = 0, absolute = 0;
    for (int64_t k = 0; k < shape.depth; ++k) {
      double term = double(inputs.x[row * shape.depth + k]) * inputs.weight[v * shape.depth + k];
      score += term;
      absolute += std::fabs(term);
    }
    scores.probability[v] = score;
    maximum = std::max(maximum, score);
    magnitude = std::max(magnitude, absolute);
  }
  for (double score : scores.probability)
    sum += std::exp(score - maximum);
  scores.logSumExp = maximum + std::log(sum);
  if (inputs.targets[row] >= 0)
    scores.target = scores.probability[inputs.targets[row]];
  for (double &score : scores.probability)
    score = std::exp(score - scores.logSumExp);
  scores.scoreError = sumError(shape.depth) * magnitude + sumError(shape.vocabulary) +
                      2 * eps * (std::fabs(maximum) + std::fabs(scores.logSumExp));
  return scores;
}

// Sums of products, and how far f32 may be from them.
struct Bounded {
  std::vector<double> value, error;
  explicit Bounded(size_t size) : value(size), error(size) {}

  void expect(const std::vector<float> &actual, const char *what) const {
    ASSERT_EQ(actual.size(), value.size()) << what;
    for (size_t i = 0; i < value.size(); ++i)
      ASSERT_LE(std::fabs(actual[i] - value[i]), error[i] + 1e-37)
          << what << " " << i << ": expected " << value[i] << ", found " << actual[i];
  }
};

} // namespace

std::string LossShape::describe() const {
  return "B " + std::to_string(batch) + " T " + std::to_string(time) + " K " + std::to_string(depth) + " V " +
         std::to_string(vocabulary) + (panels ? " panels" : "");
}

std::string LossShape::module() const {
  std::string text = R"(
func.func @loss(%x: $X, %w: $W, %t: $I, %lw: $F) -> ($F, $F, tensor<f32>, tensor<f32>) attributes {$ENTRY} {
  %lp, %lse = rondo.linear_log_prob %x, %w, %t : ($X, $W, $I) -> ($F, $F)
  %loss, %sum = rondo.mean_loss %lp, %t, %lw : ($F, $I, $F) -> (tensor<f32>, tensor<f32>)
  return %lp, %lse, %loss, %sum : $F, $F, tensor<f32>, tensor<f32>
}
func.func @grad(%x: $X, %w: $W, %t: $I, %lw: $F, %lse: $F, %sum: tensor<f32>) -> ($F, $X, $W) attributes {$ENTRY} {
  %d = rondo.mean_loss_grad %t, %lw, %sum : ($I, $F, tensor<f32>) -> $F
  %dx = rondo.linear_log_prob_grad_input %x, %w, %t, %lse, %d : ($X, $W, $I, $F, $F) -> $X
  %dw = rondo.linear_log_prob_grad_weight %x, %w, %t, %lse, %d : ($X, $W, $I, $F, $F) -> $W
  return %d, %dx, %dw : $F, $X, $W
}
func.func @sum(%x: $X, %w: $W, %t: $I, %lw: $F, %lse: $F, %sum: tensor<f32>) -> ($F, $X, $W) attributes {$ENTRY} {
  %d = rondo.mean_loss_grad %t, %lw, %sum, %sum : ($I, $F, tensor<f32>, tensor<f32>) -> $F
  %dx = rondo.linear_log_prob_grad_input %x, %w, %t, %lse, %d : ($X, $W, $I, $F, $F) -> $X
  %dw = rondo.linear_log_prob_grad_weight %x, %w, %t, %lse, %d : ($X, $W, $I, $F, $F) -> $W
  return %d, %dx, %dw : $F, $X, $W
}
)";
  std::string tokens = std::to_string(batch) + "x" + std::to_string(time) + "x", k = std::to_string(depth);
  replaceAll(text, "$ENTRY",
             "rondo.entry = #rondo.entry<forward, B = " + std::to_string(batch) +
                 ", T = " + std::to_string(time) + ", slots = 1>");
  replaceAll(text, "$X", "tensor<" + tokens + k + "xf32>");
  replaceAll(text, "$W",
             "tensor<" + std::to_string(vocabulary) + "x" + k + "xf32" +
                 (panels ? ", #rondo.layout<panels, 32>>" : ">"));
  replaceAll(text, "$I", "tensor<" + tokens + "i32>");
  replaceAll(text, "$F", "tensor<" + tokens + "f32>");
  return text;
}

LossInputs LossInputs::random(const LossShape &shape, float spread, std::mt19937_64 &random) {
  std::normal_distribution<float> normal;
  LossInputs inputs;
  float scale = spread / std::sqrt(static_cast<float>(shape.depth));
  for (int64_t i = 0; i < shape.rows() * shape.depth; ++i)
    inputs.x.push_back(scale * normal(random));
  for (int64_t i = 0; i < shape.vocabulary * shape.depth; ++i)
    inputs.weight.push_back(normal(random));
  for (int64_t i = 0; i < shape.rows(); ++i) {
    inputs.targets.push_back(i % 5 == 3 ? -1 : static_cast<int32_t>(random() % shape.vocabulary));
    inputs.lossWeight.push_back(i % 7 == 2 ? 0.0f : std::fabs(normal(random)));
  }
  inputs.targets.front() = static_cast<int32_t>(shape.vocabulary - 1);
  return inputs;
}

LossOutputs runLoss(const LossShape &shape, CompiledModule &module, const LossInputs &inputs, bool ofSum,
                    int64_t shares) {
  auto common = [&] {
    std::vector<Buffer> buffers;
    buffers.push_back(Buffer::of(inputs.x));
    buffers.push_back(
        Buffer::of(shape.panels ? toPanels(inputs.weight, shape.vocabulary, shape.depth) : inputs.weight));
    buffers.push_back(Buffer::of(inputs.targets));
    buffers.push_back(Buffer::of(inputs.lossWeight));
    return buffers;
  };
  LossOutputs outputs;
  std::vector<Buffer> forward = common();
  std::vector<Buffer> scores = module.run("loss", forward, shares);
  outputs.logProb = scores[0].values<float>();
  outputs.logSumExp = scores[1].values<float>();
  outputs.loss = scores[2].values<float>();
  outputs.weightSum = scores[3].values<float>();
  std::vector<Buffer> backward = common();
  backward.push_back(Buffer::of(outputs.logSumExp));
  backward.push_back(Buffer::of(outputs.weightSum));
  std::vector<Buffer> gradients = module.run(ofSum ? "sum" : "grad", backward, shares);
  outputs.dLogProb = gradients[0].values<float>();
  outputs.dx = gradients[1].values<float>();
  outputs.dWeight = gradients[2].values<float>();
  if (shape.panels)
    outputs.dWeight = fromPanels(outputs.dWeight, shape.vocabulary, shape.depth);
  return outputs;
}

void expectDefinitions(const LossShape &shape, const LossInputs &inputs, const LossOutputs &outputs,
                       bool ofSum) {
  int64_t rows = shape.rows(), depth = shape.depth, vocabulary = shape.vocabulary;
  Bounded logProb(rows), logSumExp(rows), loss(1), weightSum(1), dLogProb(rows), dx(rows * depth),
      dWeight(vocabulary * depth);
  std::vector<RowScores> scores;
  for (int64_t row = 0; row < rows; ++row) {
    scores.push_back(scoresOf(shape, inputs, row));
    bool isGiven = inputs.targets[row] >= 0;
    double weight = isGiven ? inputs.lossWeight[row] : 0.0;
    logSumExp.value[row] = scores[row].logSumExp;
    logSumExp.error[row] = scores[row].scoreError;
    logProb.value[row] = isGiven ? scores[row].target - scores[row].logSumExp : 0;
    logProb.error[row] = isGiven ? 2 * scores[row].scoreError : 0;
    weightSum.value[0] += weight;
    loss.value[0] -= weight * logProb.value[row];
    loss.error[0] += weight * (logProb.error[row] + sumError(rows) * std::fabs(logProb.value[row]));
  }
  weightSum.error[0] = sumError(rows) * weightSum.value[0];
  double sum = weightSum.value[0];
  loss.value[0] = sum == 0 ? 0 : loss.value[0] / sum;
  loss.error[0] = sum == 0 ? 0 : loss.error[0] / sum + 2 * sumError(rows) * std::fabs(loss.value[0]);
  for (int64_t row = 0; row < rows; ++row) {
    double weight = inputs.targets[row] >= 0 ? inputs.lossWeight[row] : 0.0;
    double d = sum == 0 ? 0 : ofSum ? -weight : -weight / sum;
    dLogProb.value[row] = d;
    dLogProb.error[row] = 2 * sumError(rows) * std::fabs(d);
    for (int64_t v = 0; v < vocabulary && d != 0; ++v) {
      double p = scores[row].probability[v], g = d * ((inputs.targets[row] == v) - p);
      double isTarget = inputs.targets[row] == v;
      // p is off by a factor of e^(errors of the scores), which huge logits make large.
      double relative = std::expm1(std::min(2 * scores[row].scoreError + 8 * eps, 80.0));
      double error = std::fabs(d) * (std::min(p * relative, 1.0) + 2 * eps * isTarget) +
                     2 * sumError(rows) * std::fabs(g);
      for (int64_t k = 0; k < depth; ++k) {
        double w = inputs.weight[v * depth + k], x = inputs.x[row * depth + k];
        dx.value[row * depth + k] += g * w;
        dx.error[row * depth + k] += std::fabs(w) * (error + sumError(vocabulary) * std::fabs(g));
        dWeight.value[v * depth + k] += g * x;
        dWeight.error[v * depth + k] += std::fabs(x) * (error + sumError(rows) * std::fabs(g));
      }
    }
  }
  logProb.expect(outputs.logProb, "log_prob");
  logSumExp.expect(outputs.logSumExp, "log_sum_exp");
  loss.expect(outputs.loss, "loss");
  weightSum.expect(outputs.weightSum, "weight_sum");
  dLogProb.expect(outputs.dLogProb, "d_log_prob");
  dx.expect(outputs.dx, "dx");
  dWeight.expect(outputs.dWeight, "dW");
}

} // namespace rondo::test
