// What derive promises: a sequence cut anywhere, in any slots and company, gives what the whole sequence
// gives.
#include "test/evaluator/RandomGraph.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

namespace {

constexpr double kTolerance = 1e-9;

// A random model, its entry points, random text and what `forward` says about it.
class DerivedModel {
public:
  explicit DerivedModel(unsigned seed) : random(seed), context(makeRegistry()) {
    context.loadAllAvailableDialects();
    graph = makeRandomGraph(&context, random);
    batch = pick(random, 1, 3);
    time = pick(random, 2, 12);
    stretch = pick(random, 1, time + 2);
    slots = batch + pick(random, 1, 2);
    std::string sizes = "B=" + std::to_string(batch), pool = ",slots=" + std::to_string(slots);
    std::string long_ = sizes + ",T=" + std::to_string(time),
                short_ = sizes + ",T=" + std::to_string(stretch) + pool;
    lastOnly = chance(random, 0.5);
    entries = derive(*graph.module, "forward:" + long_ + ";score:" + short_ + ";prefill:" + short_ +
                                        ",logits=" + (lastOnly ? "last" : "all") + ";decode:" + sizes + pool);
    evaluator.weights = graph.weights;
    tokens = Tensor({batch, time});
    reset = Tensor({batch, time});
    for (double &token : tokens.data)
      token = static_cast<double>(pick(random, 0, graph.vocabulary - 1));
    for (double &flag : reset.data)
      flag = chance(random, 0.15);
    logits = runEntry(evaluator, *entries, "forward", {{"tokens", tokens}, {"reset", reset}}).at("logits");
    for (int64_t i = 0; i < slots; ++i)
      slotOf.push_back(i);
    std::shuffle(slotOf.begin(), slotOf.end(), random);
  }

  // Runs `entry` on positions [at[b], at[b] + lengths[b]) of each row, padding filled with NaN and resets.
  // The rows stand in the order `order`; the outputs do as well.
  std::map<std::string, Tensor> run(StringRef entry, const std::vector<int64_t> &at,
                                    const std::vector<int64_t> &lengths, const std::vector<int64_t> &order) {
    int64_t width = entry == "decode" ? 1 : stretch;
    Tensor part({batch, width}), flags(part.shape), targets(part.shape), length({batch}), slot({batch});
    for (int64_t i = 0; i < batch; ++i) {
      int64_t row = order[i];
      length.data[i] = static_cast<double>(lengths[row]);
      slot.data[i] = static_cast<double>(slotOf[row]);
      for (int64_t t = 0; t < width; ++t) {
        bool valid = t < lengths[row];
        part.at({i, t}) = valid ? tokens.at({row, at[row] + t}) : static_cast<double>(graph.paddingToken());
        flags.at({i, t}) = valid ? reset.at({row, at[row] + t}) : 1;
        targets.at({i, t}) = valid ? target(row, at[row] + t) : 0;
      }
    }
    return runEntry(
        evaluator, *entries, entry,
        {{"tokens", part}, {"reset", flags}, {"targets", targets}, {"length", length}, {"slot", slot}});
  }
  // Any token will do as a target.
  double target(int64_t row, int64_t t) const { return tokens.at({row, (t + 1) % time}); }

  std::vector<double> logitsAt(int64_t row, int64_t t) const { return slice(logits, row, t); }
  static std::vector<double> slice(const Tensor &x, int64_t row, int64_t t) {
    auto begin = x.data.begin() + (row * x.size(1) + t) * x.width();
    return {begin, begin + x.width()};
  }
  // The states of one slot, in the order of their names.
  std::vector<double> statesOf(int64_t slot) const {
    std::vector<double> all;
    for (const auto &[name, pool] : evaluator.states) {
      size_t size = pool.data.size() / pool.shape[0];
      all.insert(all.end(), pool.data.begin() + slot * size, pool.data.begin() + (slot + 1) * size);
    }
    return all;
  }
  void copySlot(int64_t from, int64_t to) {
    for (auto &[name, pool] : evaluator.states) {
      size_t size = pool.data.size() / pool.shape[0];
      std::copy_n(pool.data.begin() + from * size, size, pool.data.begin() + to * size);
    }
  }

  static DialectRegistry makeRegistry() {
    DialectRegistry registry;
    registerReferences(registry);
    return registry;
  }

  Random random;
  MLIRContext context;
  RandomGraph graph;
  OwningOpRef<ModuleOp> entries;
  Evaluator evaluator;
  int64_t batch, time, stretch, slots;
  bool lastOnly;
  Tensor tokens, reset, logits;
  std::vector<int64_t> slotOf; // of each row; the last ones are free
};

void expectNear(const std::vector<double> &expected, const std::vector<double> &found) {
  Tensor a({static_cast<int64_t>(expected.size())}), b({static_cast<int64_t>(found.size())});
  a.data = expected;
  b.data = found;
  EXPECT_LE(relativeDifference(a, b), kTolerance);
}

// A walk through every row's sequence in random stretches, some of length 0, and single decode steps.
void walk(DerivedModel &model, StringRef stretchEntry, bool mayDecode) {
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

TEST(DeriveEntries, PrefillCutAnywhereAndDecodeEqualForward) {
  for (unsigned seed = 1; seed <= 120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    DerivedModel model(seed);
    ASSERT_TRUE(model.entries);
    walk(model, "prefill", /*mayDecode=*/true);
  }
}

TEST(DeriveEntries, ScoreIsTheLogProbabilityOfTargets) {
  for (unsigned seed = 1001; seed <= 1060; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    DerivedModel model(seed);
    ASSERT_TRUE(model.entries);
    walk(model, "score", /*mayDecode=*/false);
  }
}

// A copied slot continues as the original does, and neither disturbs the other.
TEST(DeriveEntries, ForkedStatesContinueExactly) {
  for (unsigned seed = 2001; seed <= 2040; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    DerivedModel model(seed);
    ASSERT_TRUE(model.entries);
    std::vector<int64_t> order(model.batch), zero(model.batch, 0), one(model.batch, 1);
    std::iota(order.begin(), order.end(), 0);
    std::vector<int64_t> lengths(model.batch, std::min(model.stretch, model.time - 1));
    model.run("prefill", zero, lengths, order);
    int64_t original = model.slotOf[0], fork = model.slotOf[model.batch];
    model.copySlot(original, fork);
    std::vector<double> forked = model.statesOf(fork);
    auto expected = model.run("decode", lengths, one, order).at("logits");
    EXPECT_EQ(forked, model.statesOf(fork));
    model.slotOf[0] = fork;
    auto found = model.run("decode", lengths, one, order).at("logits");
    EXPECT_EQ(DerivedModel::slice(expected, 0, 0), DerivedModel::slice(found, 0, 0));
    EXPECT_EQ(model.statesOf(original), model.statesOf(fork));
  }
}

} // namespace
