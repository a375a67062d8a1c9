// What derive promises: a sequence cut anywhere, in any slots and company, gives what the whole sequence
// gives.
#include "test/evaluator/DerivedModel.h"
#include "test/property/CaseFactor.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace rondo::reference;

namespace {

TEST(DeriveEntries, PrefillCutAnywhereAndDecodeEqualForward) {
  for (unsigned seed = 1; seed <= 120 * rondo::property::caseFactor(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    DerivedModel model(seed);
    ASSERT_TRUE(model.entries);
    walk(model, "prefill", /*mayDecode=*/true);
  }
}

TEST(DeriveEntries, ScoreIsTheLogProbabilityOfTargets) {
  for (unsigned seed = 1001; seed <= 1000 + 60 * rondo::property::caseFactor(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    DerivedModel model(seed);
    ASSERT_TRUE(model.entries);
    walk(model, "score", /*mayDecode=*/false);
  }
}

// A copied slot continues as the original does, and neither disturbs the other.
TEST(DeriveEntries, ForkedStatesContinueExactly) {
  for (unsigned seed = 2001; seed <= 2000 + 40 * rondo::property::caseFactor(); ++seed) {
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
