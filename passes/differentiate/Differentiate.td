// Adds the backward pass to training entries.
#ifndef RONDO_PASSES_DIFFERENTIATE_DIFFERENTIATE_TD
#define RONDO_PASSES_DIFFERENTIATE_DIFFERENTIATE_TD

include "mlir/Pass/PassBase.td"

def Differentiate : Pass<"rondo-differentiate", "::mlir::ModuleOp"> {
  let summary = "adds the backward pass to grad, vjp, accumulate and train";
  let description = [{
    Before: entry points as rondo-derive-entries leaves them. After: each of the four has, behind its forward pass, the backward
    pass that its ops' `DerivativeOpInterface` builds, and an output `grad.NAME` for everything that it differentiates by:

    - `grad`, `accumulate`, `train`: every parameter that is not frozen and that the loss depends on. The seed is d loss = 1, in
      `accumulate` d loss = loss_weight_sum, the gradient of the sum. `grad` gives up the output `loss_weight_sum`.
    - `vjp`: these parameters, and every f32 input, states among them; inputs `cotangent.NAME` (absent: zeros) are added for every f32 output.

    Ops are walked from last to first. Gradients of a value with several readers are added, for parameters by
    `add_gradients`. Only what leads to a wanted gradient is built. Ops of the backward pass carry `rondo.backward` and the location of the
    op that they differentiate.

    Refuses (RND2109): an op on a path from the loss to a wanted value that has no derivative.

    Example: test/passes/differentiate/differentiate.mlir.
  }];
  let dependentDialects = ["::rondo::RondoDialect", "::mlir::func::FuncDialect"];
}

#endif
