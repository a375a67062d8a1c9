// Chooses one storage layout per parameter.
#ifndef RONDO_PASSES_PLAN_ASSIGNLAYOUTS_TD
#define RONDO_PASSES_PLAN_ASSIGNLAYOUTS_TD

include "mlir/Pass/PassBase.td"

def AssignLayouts : Pass<"rondo-assign-layouts", "::mlir::ModuleOp"> {
  let summary = "chooses one storage layout per parameter, for all entry points";
  let description = [{
    Before: groups. After: on targets that pack weights (CPUs) every matrix parameter that some kernel reads as W in x W^T
    (`getPanelOperands` of its root) has `layout #rondo.layout<panels, P>` with the target's panel width P. All others, and
    those of GPUs, stay row-major: there a row's neighbours along k are what one copy brings. A tied embedding
    gathers its rows from the panels of the output product. An optimiser state has the layout of its parameter, and so does
    every gradient on its way to the optimiser: as the encoding of its type, from the op that makes it, through
    `rondo.add_gradients`, to `rondo.adamw` or `rondo.accumulate`.

    Refuses nothing.

    Example: test/passes/plan/assign-layouts.mlir.
  }];
  let options = [Option<"target", "target", "std::string", "\"cpu\"", "Machine whose panel width to use">];
}

#endif
