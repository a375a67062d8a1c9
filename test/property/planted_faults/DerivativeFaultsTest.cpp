// The checks of gradients find faults: each is planted in derivatives of random models until it shows.
#include "test/property/planted_faults/DerivativeFaults.h"
#include "mlir/IR/Verifier.h"
#include "test/evaluator/TrainingModel.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

namespace rondo::property {
static void PrintTo(const DerivativeFault &fault, std::ostream *out) { *out << fault.name; }
} // namespace rondo::property

namespace {

constexpr double kTolerance = 1e-6; // of the check that has to fail, in TrainingEntriesTest
constexpr int kSeeds = 40;

class DerivativeFaults : public testing::TestWithParam<property::DerivativeFault> {};

TEST_P(DerivativeFaults, AreCaught) {
  const property::DerivativeFault &fault = GetParam();
  bool isGrad = fault.entry == "grad";
  int planted = 0, caught = 0;
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    TrainingModel model(seed, isGrad ? RowScale::None : RowScale::TorchscaleRecurrent);
    std::string sizes = ":B=" + std::to_string(model.sizes.batch) + ",T=" + std::to_string(model.sizes.time);
    auto module = model.makeEntries(fault.entry + sizes +
                                    (isGrad ? ",slots=" + std::to_string(model.sizes.slots) : std::string()));
    ASSERT_TRUE(module);
    auto entry = module->lookupSymbol<func::FuncOp>(fault.entry);
    if (!fault.plant(entry))
      continue;
    ASSERT_TRUE(succeeded(verify(entry)));
    ++planted;
    Tensors inputs = model.randomInputs(*module, fault.entry);
    GradientScore score =
        isGrad ? model.checkGrad(*module, inputs, model.randomStates(*module, model.sizes.slots), 4)
               : model.checkVjp(*module, inputs, 4);
    caught += score.relativeError() > kTolerance;
  }
  std::printf("%s: caught in %d of %d models\n", fault.name.c_str(), caught, planted);
  EXPECT_GT(caught, 0) << "planted in " << planted << " models";
  // A fault may be without effect in some models, but not in most of them.
  EXPECT_GE(2 * caught, planted);
}

INSTANTIATE_TEST_SUITE_P(Backward, DerivativeFaults, testing::ValuesIn(property::derivativeFaults()),
                         [](const auto &info) {
                           std::string name = info.param.name;
                           for (char &character : name)
                             if (!std::isalnum(static_cast<unsigned char>(character)))
                               character = '_';
                           return name;
                         });

} // namespace
