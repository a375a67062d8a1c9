// Chooses one storage layout per parameter, for all entry points of a module.
#include "passes/plan/Passes.h"

#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

namespace rondo {
#define GEN_PASS_DEF_ASSIGNLAYOUTS
#include "passes/plan/AssignLayouts.h.inc"
} // namespace rondo

// The parameter that `value` is, inside of a group or not; null if it is none.
static GetWeightOp parameterOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    if (auto group = dyn_cast<GroupOp>(argument.getOwner()->getParentOp()))
      value = group.getInputs()[argument.getArgNumber()];
  return value.getDefiningOp<GetWeightOp>();
}

// ---- gradients
// ------------------------------------------------------------------------------------------------

// What `value` is outside of the group whose argument it is.
static Value outsideOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    if (auto group = dyn_cast<GroupOp>(argument.getOwner()->getParentOp()))
      return group.getInputs()[argument.getArgNumber()];
  return value;
}

// Gives a value of an entry point, and everything that is the same tensor inside of groups, the layout as
// encoding; gradients that it is the sum of too.
static void encode(Value value, LayoutAttr layout) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getEncoding() == layout)
    return;
  auto encoded = RankedTensorType::get(type.getShape(), type.getElementType(), layout);
  value.setType(encoded);
  for (OpOperand &use : value.getUses())
    if (auto group = dyn_cast<GroupOp>(use.getOwner()))
      group.getBody().getArgument(use.getOperandNumber()).setType(encoded);
  auto group = value.getDefiningOp<GroupOp>();
  if (!group)
    return;
  auto yield = cast<YieldOp>(group.getBody().front().getTerminator());
  Value inside = yield.getValues()[cast<OpResult>(value).getResultNumber()];
  inside.setType(encoded);
  if (auto sum = inside.getDefiningOp<AddGradientsOp>())
    for (Value part : sum->getOperands())
      encode(outsideOf(part), layout);
}

// The tensor that the optimiser combines with the storage of `symbol`, which is a parameter or one of its
// states.
static void encodeLike(Value gradient, StringRef symbol, SymbolTable &symbols) {
  Operation *named = symbols.lookup(symbol);
  if (auto state = dyn_cast<OptimizerStateOp>(named))
    named = state.getWeight() ? symbols.lookup(*state.getWeight()) : nullptr;
  if (auto weight = dyn_cast_or_null<WeightOp>(named); weight && weight.getLayoutAttr())
    encode(outsideOf(gradient), weight.getLayoutAttr());
}

// After all parameters have theirs.
static void encodeGradients(ModuleOp module, SymbolTable &symbols) {
  for (auto state : module.getOps<OptimizerStateOp>()) {
    auto weight = state.getWeight() ? symbols.lookup<WeightOp>(*state.getWeight()) : WeightOp();
    if (!weight || !weight.getLayoutAttr())
      continue;
    auto type = cast<RankedTensorType>(state.getType());
    state.setType(RankedTensorType::get(type.getShape(), type.getElementType(), weight.getLayoutAttr()));
  }
  module.walk([&](AdamWOp step) { encodeLike(step.getGradient(), step.getWeight(), symbols); });
  module.walk([&](AccumulateOp sum) { encodeLike(sum.getValue(), sum.getState(), symbols); });
}

namespace {

struct AssignLayouts : rondo::impl::AssignLayoutsBase<AssignLayouts> {
  using AssignLayoutsBase::AssignLayoutsBase;

  void runOnOperation() override {
    std::optional<target::Target> machine = target::findTarget(target);
    if (!machine) {
      getOperation().emitError("unknown target '") << target << "'";
      return signalPassFailure();
    }
    if (!machine->sizes.packsWeights)
      return;
    SymbolTable symbols(getOperation());
    auto panels = LayoutAttr::get(&getContext(), machine->sizes.panel);
    getOperation().walk([&](TileRootOpInterface root) {
      for (Value operand : root.getPanelOperands())
        if (GetWeightOp parameter = parameterOf(operand))
          if (auto weight = symbols.lookup<WeightOp>(parameter.getWeight()))
            weight.setLayoutAttr(panels);
    });
    encodeGradients(getOperation(), symbols);
  }
};

} // namespace
