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

namespace {

struct AssignLayouts : rondo::impl::AssignLayoutsBase<AssignLayouts> {
  using AssignLayoutsBase::AssignLayoutsBase;

  void runOnOperation() override {
    std::optional<target::Target> machine = target::findTarget(target);
    if (!machine) {
      getOperation().emitError("unknown target '") << target << "'";
      return signalPassFailure();
    }
    SymbolTable symbols(getOperation());
    auto panels = LayoutAttr::get(&getContext(), machine->sizes.panel);
    getOperation().walk([&](TileRootOpInterface root) {
      for (Value operand : root.getPanelOperands())
        if (GetWeightOp parameter = parameterOf(operand))
          if (auto weight = symbols.lookup<WeightOp>(parameter.getWeight()))
            weight.setLayoutAttr(panels);
    });
  }
};

} // namespace
