// A random model, its entry points, and the walk that compares stretches and steps with the whole sequence.
#pragma once

#include "test/evaluator/RandomGraph.h"

namespace rondo::reference {

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
  std::map<std::string, Tensor> run(llvm::StringRef entry, const std::vector<int64_t> &at,
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

  static mlir::DialectRegistry makeRegistry() {
    mlir::DialectRegistry registry;
    registerReferences(registry);
    return registry;
  }

  Random random;
  mlir::MLIRContext context;
  RandomGraph graph;
  mlir::OwningOpRef<mlir::ModuleOp> entries;
  Evaluator evaluator;
  int64_t batch, time, stretch, slots;
  bool lastOnly;
  Tensor tokens, reset, logits;
  std::vector<int64_t> slotOf; // of each row; the last ones are free
};

// A walk through every row's sequence in random stretches, some of length 0, and single decode steps. Reports
// differences from `forward` as failures of the running test.
void walk(DerivedModel &model, llvm::StringRef stretchEntry, bool mayDecode);

} // namespace rondo::reference
