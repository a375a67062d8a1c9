// Ten faults planted in derived entry points; the property of test/evaluator that a cut sequence equals the
// whole one must catch each.
#include "test/evaluator/DerivedModel.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

namespace {

struct Fault {
  const char *name;
  bool (*plant)(func::FuncOp entry); // true if it found a place
};

template <typename Op> SmallVector<Op> opsOf(func::FuncOp entry) {
  return llvm::to_vector(entry.getOps<Op>());
}

bool clear(MutableOperandRange operand) {
  if (operand.empty())
    return false;
  operand.clear();
  return true;
}

bool retentionIgnoresLength(func::FuncOp entry) {
  bool planted = false;
  for (auto op : opsOf<RetentionOp>(entry))
    planted |= clear(op.getLengthMutable());
  return planted;
}

bool retentionForgetsItsState(func::FuncOp entry) {
  bool planted = false;
  for (auto op : opsOf<RetentionOp>(entry))
    planted |= clear(op.getInitialStateMutable());
  return planted;
}

bool retentionIgnoresRestarts(func::FuncOp entry) {
  bool planted = false;
  for (auto op : opsOf<RetentionOp>(entry))
    planted |= clear(op.getResetMutable());
  return planted;
}

bool positionsStartAtZero(func::FuncOp entry) {
  bool planted = false;
  for (auto op : opsOf<PositionsOp>(entry))
    planted |= clear(op.getStartMutable());
  return planted;
}

bool positionsCountPadding(func::FuncOp entry) {
  bool planted = false;
  for (auto op : opsOf<PositionsOp>(entry))
    planted |= clear(op.getLengthMutable());
  return planted;
}

bool stateIsNotWritten(func::FuncOp entry) {
  SmallVector<WriteStateOp> writes = opsOf<WriteStateOp>(entry);
  if (writes.empty())
    return false;
  writes.front().erase();
  return true;
}

// The first two states of one shape change places where they are written.
bool stateGoesToAnotherLayer(func::FuncOp entry) {
  SmallVector<WriteStateOp> writes = opsOf<WriteStateOp>(entry);
  for (auto [i, a] : llvm::enumerate(writes))
    for (WriteStateOp b : ArrayRef(writes).drop_front(i + 1))
      if (a.getValue().getType() == b.getValue().getType()) {
        FlatSymbolRefAttr first = a.getStateAttr();
        a.setStateAttr(b.getStateAttr());
        b.setStateAttr(first);
        return true;
      }
  return false;
}

bool cosineAndSineChangePlaces(func::FuncOp entry) {
  SmallVector<RotateOp> rotations = opsOf<RotateOp>(entry);
  for (RotateOp op : rotations) {
    Value cosine = op->getOperand(1);
    op->setOperand(1, op->getOperand(2));
    op->setOperand(2, cosine);
  }
  return !rotations.empty();
}

bool headsTakeTheirNeighboursDecay(func::FuncOp entry) {
  bool planted = false;
  for (auto op : opsOf<RetentionOp>(entry)) {
    if (!op.getDecay())
      continue;
    SmallVector<double> decay(*op.getDecay());
    std::rotate(decay.begin(), decay.begin() + 1, decay.end());
    if (ArrayRef(decay) == *op.getDecay())
      continue;
    op.setDecayAttr(DenseF64ArrayAttr::get(op.getContext(), decay));
    planted = true;
  }
  return planted;
}

bool normTakesAnotherEpsilon(func::FuncOp entry) {
  SmallVector<RmsNormOp> norms = opsOf<RmsNormOp>(entry);
  for (RmsNormOp op : norms)
    op.setEpsAttr(FloatAttr::get(op.getEpsAttr().getType(), 1e-5));
  return !norms.empty();
}

constexpr Fault kFaults[] = {
    {"RetentionIgnoresLength", retentionIgnoresLength},
    {"RetentionForgetsItsState", retentionForgetsItsState},
    {"RetentionIgnoresRestarts", retentionIgnoresRestarts},
    {"PositionsStartAtZero", positionsStartAtZero},
    {"PositionsCountPadding", positionsCountPadding},
    {"StateIsNotWritten", stateIsNotWritten},
    {"StateGoesToAnotherLayer", stateGoesToAnotherLayer},
    {"CosineAndSineChangePlaces", cosineAndSineChangePlaces},
    {"HeadsTakeTheirNeighboursDecay", headsTakeTheirNeighboursDecay},
    {"NormTakesAnotherEpsilon", normTakesAnotherEpsilon},
};

// How many checks of the walk fail.
int failuresOf(DerivedModel &model) {
  testing::TestPartResultArray results;
  testing::ScopedFakeTestPartResultReporter reporter(
      testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
  walk(model, "prefill", /*mayDecode=*/true);
  int failures = 0;
  for (int i = 0; i < results.size(); ++i)
    failures += results.GetTestPartResult(i).failed();
  return failures;
}

class PlantedFault : public testing::TestWithParam<Fault> {};

// A fault may do nothing in one model (a single head, no padding), so the models of the real test are tried
// in turn until one shows it. `forward`, which the others are compared with, stays sound.
TEST_P(PlantedFault, IsCaught) {
  constexpr unsigned seeds = 120;
  int places = 0;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    DerivedModel broken(seed);
    ASSERT_TRUE(broken.entries);
    bool planted = false;
    for (StringRef name : {"prefill", "decode"})
      planted |= GetParam().plant(broken.entries->lookupSymbol<func::FuncOp>(name));
    if (!planted)
      continue;
    ++places;
    DerivedModel sound(seed);
    ASSERT_EQ(failuresOf(sound), 0) << "seed " << seed << " fails without a fault";
    if (failuresOf(broken) > 0)
      return;
  }
  ASSERT_GT(places, 0) << GetParam().name << " found no place";
  FAIL() << GetParam().name << " was planted in " << places << " models and not caught";
}

INSTANTIATE_TEST_SUITE_P(Derived, PlantedFault, testing::ValuesIn(kFaults),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace
