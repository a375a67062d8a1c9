// The walk that compares stretches and decode steps of a random model with its whole sequence.
#include "test/evaluator/DerivedModel.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace mlir;
using namespace rondo::reference;

static constexpr double kTolerance = 1e-9;

static void expectNear(const std::vector<double> &expected, const std::vector<double> &found) {
  Tensor a({static_cast<int64_t>(expected.size())}), b({static_cast<int64_t>(found.size())});
  a.data = expected;
  b.data = found;
  EXPECT_LE(relativeDifference(a, b), kTolerance);
}

void rondo::reference::walk(DerivedModel &model, StringRef stretchEntry, bool mayDecode) {
  std::vector<int64_t> at(model.batch, 0), lengths(model.batch), order(model.batch);
  std::iota(order.begin(), order.end(), 0);
  bool first = true;
  while (llvm::any_of(at, [&](int64_t position) { return position < model.time; })) {
    std::shuffle(order.begin(), order.end(), model.random);
    bool decode = mayDecode && !first && chance(model.random, 0.3) && *llvm::max_element(at) < model.time;
    for (int64_t row = 0; row < model.batch; ++row)
      lengths[row] = decode ? 1 : pick(model.random, 0, std::min(model.stretch, model.time - at[row]));
    std::vector<std::vector<double>> before;
    for (int64_t row = 0; row < model.batch; ++row)
      before.push_back(first ? std::vector<double>() : model.statesOf(model.slotOf[row]));
    auto outputs = model.run(decode ? "decode" : stretchEntry, at, lengths, order);
    for (int64_t i = 0; i < model.batch; ++i) {
      int64_t row = order[i];
      if (lengths[row] == 0 && !first)
        EXPECT_EQ(before[row], model.statesOf(model.slotOf[row])) << "length 0 changed a state";
      for (int64_t t = 0; t < lengths[row]; ++t) {
        std::vector<double> expected = model.logitsAt(row, at[row] + t);
        if (stretchEntry == "score") {
          double maximum = *llvm::max_element(expected), sum = 0;
          for (double logit : expected)
            sum += std::exp(logit - maximum);
          double score =
              expected[static_cast<size_t>(model.target(row, at[row] + t))] - maximum - std::log(sum);
          EXPECT_NEAR(outputs.at("log_prob").at({i, t}), score, kTolerance);
        } else if (!decode && model.lastOnly) {
          if (t + 1 == lengths[row])
            expectNear(expected, DerivedModel::slice(outputs.at("logits"), i, 0));
        } else {
          expectNear(expected, DerivedModel::slice(outputs.at("logits"), i, t));
        }
      }
      at[row] += lengths[row];
    }
    first = false;
  }
}
