// Faults planted in the tile kernels of retention, between the tile stage and machine code; the checks of
// test/property/retention must catch each.
#include "test/property/planted_faults/KernelFaults.h"
#include "test/property/planted_faults/CaughtFailures.h"
#include "test/property/retention/RetentionProperties.h"

using namespace rondo::test;

namespace {

// The checks, one problem at a time.
std::vector<std::function<void(Mutation)>> checksFor(const KernelFault &fault) {
  if (fault.inPool)
    return {checkStatesInSlots};
  std::vector<std::function<void(Mutation)>> checks;
  for (const std::vector<RetentionCase> &cases : {scheduleCases(), adjointCases(), rowScaleCases()})
    for (const RetentionCase &one : cases)
      checks.push_back([one](Mutation mutate) { checkAgainstReference({one}, mutate); });
  return checks;
}

class PlantedKernelFault : public testing::TestWithParam<KernelFault> {};

// The problems of the real test are tried in turn until one shows the fault; the same problem passes without.
TEST_P(PlantedKernelFault, IsCaught) {
  int places = 0;
  for (const auto &check : checksFor(GetParam())) {
    bool planted = false;
    int failures =
        failuresOf([&] { check([&](mlir::ModuleOp module) { planted |= GetParam().plant(module); }); });
    places += planted;
    if (failures == 0)
      continue;
    ASSERT_TRUE(planted) << "fails without a fault";
    ASSERT_EQ(failuresOf([&] { check(nullptr); }), 0) << "fails without a fault";
    return;
  }
  ASSERT_GT(places, 0) << GetParam().name << " found no place";
  FAIL() << GetParam().name << " was planted in " << places << " problems and not caught";
}

INSTANTIATE_TEST_SUITE_P(Retention, PlantedKernelFault,
                         testing::ValuesIn(kernelFaults().begin(), kernelFaults().end()),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace
