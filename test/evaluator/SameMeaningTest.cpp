// Schedules and groups change how a model is computed, not what.
#include "mlir/Pass/PassManager.h"
#include "passes/fuse/Passes.h"
#include "passes/schedule/Passes.h"
#include "test/evaluator/RandomGraph.h"
#include "test/property/CaseFactor.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

namespace {

// Two stretches through prefill: logits of both, then the states.
std::vector<Tensor> twoStretches(const RandomGraph &graph, ModuleOp module, Random random, int64_t time) {
  Evaluator evaluator;
  evaluator.weights = graph.weights;
  std::vector<Tensor> seen;
  for (int stretch = 0; stretch < 2; ++stretch) {
    Tensor tokens({2, time}), reset({2, time}), length({2}), slot({2});
    for (int64_t b = 0; b < 2; ++b) {
      length.data[b] = static_cast<double>(pick(random, 0, time));
      slot.data[b] = static_cast<double>(1 - b);
      for (int64_t t = 0; t < time; ++t) {
        tokens.at({b, t}) = static_cast<double>(static_cast<double>(t) < length.data[b]
                                                    ? pick(random, 0, graph.vocabulary - 1)
                                                    : graph.paddingToken());
        reset.at({b, t}) = chance(random, 0.1);
      }
    }
    seen.push_back(runEntry(evaluator, module, "prefill",
                            {{"tokens", tokens}, {"reset", reset}, {"length", length}, {"slot", slot}})
                       .at("logits"));
  }
  for (auto &[name, pool] : evaluator.states)
    seen.push_back(pool);
  return seen;
}

void expectSame(const std::vector<Tensor> &expected, const std::vector<Tensor> &found) {
  ASSERT_EQ(expected.size(), found.size());
  for (auto [a, b] : llvm::zip_equal(expected, found))
    EXPECT_LE(relativeDifference(a, b), 1e-10);
}

TEST(SameMeaning, AfterScheduleAndAfterGroups) {
  DialectRegistry registry;
  registerReferences(registry);
  for (unsigned seed = 1; seed <= 120 * rondo::property::caseFactor(); ++seed) {
    Random random(seed);
    MLIRContext context(registry);
    context.loadAllAvailableDialects();
    RandomGraph graph = makeRandomGraph(&context, random);
    int64_t time = pick(random, 1, 12);
    OwningOpRef<ModuleOp> module =
        derive(*graph.module, "prefill:B=2,T=" + std::to_string(time) + ",slots=2,logits=last");
    ASSERT_TRUE(module);
    std::vector<Tensor> expected = twoStretches(graph, *module, Random(seed), time);

    const std::string schedules[] = {"auto", "parallel", "recurrent", "chunkwise",
                                     "chunkwise:" + std::to_string(pick(random, 1, 14))};
    const std::string &schedule = schedules[pick(random, 0, 4)];
    SCOPED_TRACE("seed " + std::to_string(seed) + ", schedule " + schedule);
    PassManager choose(&context);
    choose.addPass(createChooseSchedule(ChooseScheduleOptions{"cpu:x86-64-v3", schedule}));
    ASSERT_TRUE(succeeded(choose.run(*module)));
    expectSame(expected, twoStretches(graph, *module, Random(seed), time));

    PassManager fuse(&context);
    fuse.addPass(createFormGroups(FormGroupsOptions{"cpu:x86-64-v3"}));
    ASSERT_TRUE(succeeded(fuse.run(*module)));
    expectSame(expected, twoStretches(graph, *module, Random(seed), time));
  }
}

} // namespace
