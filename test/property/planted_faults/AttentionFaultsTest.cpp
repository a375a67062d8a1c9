// Faults planted in the tile kernels of attention, between the tile stage and machine code; the checks of
// test/property/attention must catch each.
#include "test/property/planted_faults/AttentionFaults.h"
#include "test/property/attention/AttentionChecks.h"
#include "test/property/planted_faults/CaughtFailures.h"

using namespace rondo::test;

namespace {

void runCheck(AttentionFault::Check check, uint64_t seed, Mutation mutate) {
  if (check == AttentionFault::Check::AppendedRows)
    return checkAppendedRows(seed, mutate);
  Random random(seed);
  AttentionCase shape = attentionCase(seed, random);
  if (check == AttentionFault::Check::Forward)
    checkForward(shape, random, mutate);
  else
    checkGradients(shape, random, mutate);
}

class PlantedAttentionFault : public testing::TestWithParam<AttentionFault> {};

// The problems of the real tests are tried in turn until one shows the fault; the same problem passes
// without.
TEST_P(PlantedAttentionFault, IsCaught) {
  auto [name, check, plant] = GetParam();
  uint64_t first = check == AttentionFault::Check::Gradients ? 200 : 1;
  int places = 0;
  for (uint64_t seed = first; seed < first + 12; ++seed) {
    bool planted = false;
    auto mutate = [&](mlir::ModuleOp module) { planted |= plant(module); };
    int failures = failuresOf([&] { runCheck(check, seed, mutate); });
    places += planted;
    if (failures == 0)
      continue;
    ASSERT_TRUE(planted) << "fails without a fault";
    ASSERT_EQ(failuresOf([&] { runCheck(check, seed, nullptr); }), 0) << "fails without a fault";
    return;
  }
  ASSERT_GT(places, 0) << name << " found no place";
  FAIL() << name << " was planted in " << places << " problems and not caught";
}

INSTANTIATE_TEST_SUITE_P(Attention, PlantedAttentionFault,
                         testing::ValuesIn(attentionFaults().begin(), attentionFaults().end()),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace
