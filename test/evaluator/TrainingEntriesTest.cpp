// Training entries of whole random models in float64: gradients against differences, packed documents against
// separate ones, micro-batches against one batch, updates against AdamW written out.
#include "mlir/Pass/PassManager.h"
#include "passes/differentiate/Passes.h"
#include "passes/fuse/Passes.h"
#include "passes/schedule/Passes.h"
#include "test/evaluator/TrainingModel.h"
#include "test/property/CaseFactor.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

namespace {

constexpr double kGradientTolerance = 1e-6, kSame = 1e-10;

std::string withSizes(const std::string &entry, TrainingSizes sizes) {
  std::string pool = entry == "vjp" ? "" : ",slots=" + std::to_string(sizes.slots);
  return entry + ":B=" + std::to_string(sizes.batch) + ",T=" + std::to_string(sizes.time) + pool;
}

void expectSame(const Tensors &expected, const Tensors &found) {
  ASSERT_EQ(expected.size(), found.size());
  for (const auto &[name, tensor] : expected)
    EXPECT_LE(relativeDifference(tensor, found.at(name)), kSame) << name;
}

TEST(TrainingEntries, GradEqualsDifferencesOfTheLoss) {
  int skipped = 0, directions = 0;
  for (unsigned seed = 1; seed <= 80 * rondo::property::caseFactor(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    TrainingModel model(seed, seed % 2 ? RowScale::TorchscaleParallel : RowScale::TorchscaleRecurrent);
    auto module = model.makeEntries(withSizes("grad", model.sizes));
    ASSERT_TRUE(module);
    GradientScore score = model.checkGrad(*module, model.randomInputs(*module, "grad"),
                                          model.randomStates(*module, model.sizes.slots), 4);
    EXPECT_LE(score.relativeError(), kGradientTolerance);
    skipped += score.skipped();
    directions += score.directions();
  }
  EXPECT_LE(skipped, directions / 20); // kinks of relu are rare
}

TEST(TrainingEntries, VjpEqualsDifferencesOfOutputsAndStates) {
  int skipped = 0, directions = 0;
  for (unsigned seed = 1001; seed <= 1000 + 80 * rondo::property::caseFactor(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    TrainingModel model(seed, RowScale::TorchscaleRecurrent);
    auto module = model.makeEntries(withSizes("vjp", model.sizes));
    ASSERT_TRUE(module);
    GradientScore score = model.checkVjp(*module, model.randomInputs(*module, "vjp"), 4);
    EXPECT_LE(score.relativeError(), kGradientTolerance);
    skipped += score.skipped();
    directions += score.directions();
  }
  EXPECT_LE(skipped, directions / 20);
}

// The columns [begin, end) of the one row of a tensor.
Tensor columns(const Tensor &row, int64_t begin, int64_t end) {
  Tensor part({1, end - begin});
  std::copy(row.data.begin() + begin, row.data.begin() + end, part.data.begin());
  return part;
}

// Without dropout, whose masks go by the place in the batch: a row of documents has the loss and the
// gradients of the documents one by one, weighted.
TEST(TrainingEntries, PackedDocumentsAreSeparateDocuments) {
  for (unsigned seed = 3001; seed <= 3000 + 60 * rondo::property::caseFactor(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    TrainingModel model(seed, RowScale::None, /*dropout=*/false);
    model.sizes.batch = model.sizes.slots = 1;
    auto packed = model.makeEntries(withSizes("grad", model.sizes));
    ASSERT_TRUE(packed);
    Tensors inputs = model.randomInputs(*packed, "grad");
    Tensor &reset = inputs.at("reset"); // retentions that restart by themselves restart with the documents
    const Tensor &segments = inputs.at("segment_ids");
    std::vector<int64_t> bounds{0};
    for (int64_t t = 0; t < model.sizes.time; ++t) {
      reset.data[t] = t > 0 && segments.data[t] != segments.data[t - 1];
      if (reset.data[t] != 0)
        bounds.push_back(t);
    }
    bounds.push_back(model.sizes.time);
    Tensors sum;
    double weightSum = 0;
    for (size_t i = 0; i + 1 < bounds.size(); ++i) {
      Tensors part = inputs;
      for (const char *name : {"tokens", "targets", "loss_weight", "segment_ids", "reset"})
        part[name] = columns(inputs.at(name), bounds[i], bounds[i + 1]);
      double weight = 0;
      for (size_t t = 0; t < part.at("targets").data.size(); ++t)
        weight += part.at("targets").data[t] < 0 ? 0 : part.at("loss_weight").data[t];
      auto alone = model.makeEntries(withSizes("grad", {1, bounds[i + 1] - bounds[i], 1}));
      ASSERT_TRUE(alone);
      for (const auto &[name, tensor] : evaluateEntry(*alone, "grad", model.graph.weights, {}, part)) {
        Tensor &total = sum.try_emplace(name, tensor.shape).first->second;
        total = along(total, weight, tensor);
      }
      weightSum += weight;
    }
    if (weightSum == 0)
      continue;
    for (auto &[name, total] : sum)
      total = along(Tensor(total.shape), 1 / weightSum, total);
    expectSame(sum, evaluateEntry(*packed, "grad", model.graph.weights, {}, inputs));
  }
}

// AdamW as its paper writes it, with clipping by the global norm.
struct AdamW {
  double rate, decay, clip, beta1, beta2, epsilon;
  Tensors m, v;
  int64_t steps = 0;
  double norm = 0;

  void step(Tensors &weights, const Tensors &gradients,
            const std::function<bool(const std::string &)> &decays) {
    double squares = 0;
    for (const auto &[name, gradient] : gradients)
      squares += innerProduct(gradient, gradient);
    norm = std::sqrt(squares);
    ++steps;
    double factor = clip > 0 && norm > clip ? clip / norm : 1;
    for (const auto &[name, gradient] : gradients) {
      Tensor &w = weights.at(name), &first = m.try_emplace(name, w.shape).first->second,
             &second = v.try_emplace(name, w.shape).first->second;
      for (size_t i = 0; i < w.data.size(); ++i) {
        double g = factor * gradient.data[i];
        first.data[i] = beta1 * first.data[i] + (1 - beta1) * g;
        second.data[i] = beta2 * second.data[i] + (1 - beta2) * g * g;
        double mHat = first.data[i] / (1 - std::pow(beta1, static_cast<double>(steps)));
        double vHat = second.data[i] / (1 - std::pow(beta2, static_cast<double>(steps)));
        if (decays(name))
          w.data[i] *= 1 - rate * decay;
        w.data[i] -= rate * mHat / (std::sqrt(vHat) + epsilon);
      }
    }
  }
  void fill(Tensors &inputs) const {
    auto scalar = [&](const char *name, double value) { inputs[name].data.assign(1, value); };
    scalar("learning_rate", rate);
    scalar("weight_decay", decay);
    scalar("clip", clip);
    scalar("beta1", beta1);
    scalar("beta2", beta2);
    scalar("epsilon", epsilon);
    scalar("step", static_cast<double>(steps));
  }
};

Tensors withoutPrefix(const Tensors &tensors, const std::string &prefix) {
  Tensors result;
  for (const auto &[name, tensor] : tensors)
    if (name.starts_with(prefix))
      result[name.substr(prefix.size())] = tensor;
  return result;
}

void expectMoments(const AdamW &adam, const Tensors &optimizer) {
  expectSame(adam.m, withoutPrefix(optimizer, "adam.m."));
  expectSame(adam.v, withoutPrefix(optimizer, "adam.v."));
}

// Outputs of `entry`, and what it leaves in states, parameters and moments.
Tensors allEffects(const TrainingModel &model, ModuleOp module, StringRef entry, const Tensors &states,
                   const Tensors &inputs) {
  Evaluator evaluator;
  evaluator.weights = model.graph.weights;
  evaluator.states = states;
  Tensors seen = runEntry(evaluator, module, entry, inputs);
  for (const auto &[name, pool] : evaluator.states)
    seen["state of " + name] = pool;
  for (const auto &[name, weight] : evaluator.weights)
    seen["parameter " + name] = weight;
  for (const auto &[name, tensor] : evaluator.optimizer)
    seen["optimiser state " + name] = tensor;
  return seen;
}

// Recomputing, scheduling and grouping change how gradients and steps are computed, not what they are.
TEST(TrainingEntries, LaterStagesKeepTheMeaning) {
  for (unsigned seed = 2001; seed <= 2000 + 60 * rondo::property::caseFactor(); ++seed) {
    TrainingModel model(seed, RowScale::None);
    const std::string entry = chance(model.random, 0.5) ? "grad" : "train";
    auto module = model.makeEntries(withSizes(entry, model.sizes));
    ASSERT_TRUE(module);
    Tensors inputs = model.randomInputs(*module, entry),
            states = model.randomStates(*module, model.sizes.slots);
    AdamW{0.1, 0.1, 1, 0.9, 0.98, 1e-8, {}, {}}.fill(inputs);
    auto effects = [&] { return allEffects(model, *module, entry, states, inputs); };
    Tensors expected = effects();
    const std::string budgets[] = {"none", "auto", "1"};
    const std::string schedules[] = {"auto", "recurrent", "chunkwise", "chunkwise:3"};
    const std::string &budget = budgets[pick(model.random, 0, 2)],
                      &schedule = schedules[pick(model.random, 0, 3)];
    SCOPED_TRACE("seed " + std::to_string(seed) + ", " + entry + ", remat " + budget + ", schedule " +
                 schedule);
    auto run = [&](std::unique_ptr<Pass> pass) {
      SCOPED_TRACE("after " + pass->getArgument().str());
      PassManager manager(&model.context);
      manager.addPass(std::move(pass));
      ASSERT_TRUE(succeeded(manager.run(*module)));
      expectSame(expected, effects());
    };
    run(createRematerialise(RematerialiseOptions{budget}));
    run(createChooseSchedule(ChooseScheduleOptions{"cpu:x86-64-v3", schedule}));
    run(createFormGroups(FormGroupsOptions{"cpu:x86-64-v3"}));
  }
}

TEST(TrainingEntries, TrainIsAdamWOnTheGradients) {
  for (unsigned seed = 4001; seed <= 4000 + 40 * rondo::property::caseFactor(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    TrainingModel model(seed, RowScale::None);
    auto module = model.makeEntries(withSizes("grad", model.sizes) + ";" + withSizes("train", model.sizes));
    ASSERT_TRUE(module);
    Random &random = model.random;
    AdamW adam{.rate = 0.02,
               .decay = 0.3,
               .clip = chance(random, 0.5) ? 0.1 : 0,
               .beta1 = 0.8,
               .beta2 = 0.9,
               .epsilon = 1e-3,
               .m = {},
               .v = {}};
    auto decays = [&](const std::string &name) {
      return model.graph.module->lookupSymbol<WeightOp>(name).getWeightDecay();
    };
    Tensors weights = model.graph.weights, states = model.randomStates(*module, model.sizes.slots);
    Evaluator evaluator;
    evaluator.weights = weights;
    for (int step = 0; step < 3; ++step) {
      Tensors inputs = model.randomInputs(*module, "train");
      adam.fill(inputs);
      evaluator.states = states;
      Tensors outputs = runEntry(evaluator, *module, "train", inputs);
      Tensors gradients = evaluateEntry(*module, "grad", weights, states, inputs);
      EXPECT_NEAR(outputs.at("loss").data[0], gradients.at("loss").data[0], kSame);
      adam.step(weights, withoutPrefix(gradients, "grad."), decays);
      EXPECT_NEAR(outputs.at("grad_norm").data[0], adam.norm, kSame * (1 + adam.norm));
      expectSame(weights, evaluator.weights);
      expectMoments(adam, evaluator.optimizer);
    }
  }
}

// A gradient that is no number changes nothing, and the norm tells.
TEST(TrainingEntries, NothingChangesWithoutAFiniteGradient) {
  TrainingModel model(7, RowScale::None);
  auto module = model.makeEntries(withSizes("train", model.sizes));
  ASSERT_TRUE(module);
  Tensors inputs = model.randomInputs(*module, "train");
  AdamW{0.1, 0.1, 1, 0.9, 0.98, 1e-8, {}, {}}.fill(inputs);
  inputs.at("targets").data.assign(inputs.at("targets").data.size(), 0);
  inputs.at("loss_weight")
      .data.assign(inputs.at("loss_weight").data.size(), std::numeric_limits<double>::infinity());
  Evaluator evaluator;
  evaluator.weights = model.graph.weights;
  Tensors outputs = runEntry(evaluator, *module, "train", inputs);
  EXPECT_FALSE(std::isfinite(outputs.at("grad_norm").data[0]));
  for (const auto &[name, tensor] : model.graph.weights)
    EXPECT_EQ(tensor.data, evaluator.weights.at(name).data) << name;
}

// Without dropout, whose masks go by the place in the batch: one row each to `accumulate`, then `update`, is
// `train` on all rows, however their weights differ.
TEST(TrainingEntries, MicroBatchesAddUpToOneBatch) {
  for (unsigned seed = 5001; seed <= 5000 + 40 * rondo::property::caseFactor(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    TrainingModel model(seed, RowScale::None, /*dropout=*/false);
    TrainingSizes row = model.sizes;
    row.batch = 1;
    auto module =
        model.makeEntries(withSizes("train", model.sizes) + ";" + withSizes("accumulate", row) + ";update");
    ASSERT_TRUE(module);
    Tensors states = model.randomStates(*module, model.sizes.slots);
    Evaluator whole, parts;
    whole.weights = parts.weights = model.graph.weights;
    AdamW rates{.rate = 0.02,
                .decay = 0.3,
                .clip = 0.5,
                .beta1 = 0.8,
                .beta2 = 0.9,
                .epsilon = 1e-3,
                .m = {},
                .v = {}};
    for (int step = 0; step < 2; ++step) {
      Tensors inputs = model.randomInputs(*module, "train");
      rates.fill(inputs);
      whole.states = parts.states = states;
      Tensors expected = runEntry(whole, *module, "train", inputs);
      for (int64_t b = 0; b < model.sizes.batch; ++b) {
        Tensors part;
        for (const auto &[name, tensor] : inputs) {
          part[name] = tensor;
          if (tensor.shape.empty())
            continue;
          part[name].shape[0] = 1;
          int64_t size = static_cast<int64_t>(tensor.data.size()) / model.sizes.batch;
          part[name].data.assign(tensor.data.begin() + b * size, tensor.data.begin() + (b + 1) * size);
        }
        runEntry(parts, *module, "accumulate", part);
      }
      Tensors found = runEntry(parts, *module, "update", inputs);
      ++rates.steps;
      for (const char *name : {"grad_norm", "loss_weight_sum"})
        EXPECT_LE(relativeDifference(expected.at(name), found.at(name)), kSame) << name;
      expectSame(whole.weights, parts.weights);
      expectSame(whole.states, parts.states);
      expectSame(withoutPrefix(whole.optimizer, "adam."), withoutPrefix(parts.optimizer, "adam."));
    }
  }
}

} // namespace
