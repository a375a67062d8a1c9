// Compiled losses and their gradients beside float64 definitions, with bounds for the rounding between them.
#pragma once

#include "test/property/retention/CompiledModule.h"

#include <random>

namespace rondo::test {

struct LossShape {
  int64_t batch = 1, time = 1, depth = 1, vocabulary = 2;
  bool panels = false; // the weight and its gradient are stored in panels of 32

  int64_t rows() const { return batch * time; }
  std::string describe() const;
  // Entry points `loss` (log_prob, log_sum_exp, loss, weight_sum), `grad` (d_log_prob, dx, dW) and `sum`,
  // which is `grad` of the sum over the tokens.
  std::string module() const;
};

struct LossInputs {
  std::vector<float> x, weight; // [rows, K], [V, K]
  std::vector<int32_t> targets;
  std::vector<float> lossWeight;

  // Normal values, logits of about `spread`; every fifth target is -1.
  static LossInputs random(const LossShape &shape, float spread, std::mt19937_64 &random);
};

struct LossOutputs {
  std::vector<float> logProb, logSumExp, loss, weightSum;
  std::vector<float> dLogProb, dx, dWeight; // dWeight row-major
};

// Runs `loss`, then `grad` or (with `ofSum`) `sum` on its results; workgroups in `shares` calls.
LossOutputs runLoss(const LossShape &shape, CompiledModule &module, const LossInputs &inputs,
                    bool ofSum = false, int64_t shares = 1);

// Expects that outputs equal the definitions within rounding.
void expectDefinitions(const LossShape &shape, const LossInputs &inputs, const LossOutputs &outputs,
                       bool ofSum = false);

} // namespace rondo::test
