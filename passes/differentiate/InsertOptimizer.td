// Turns the gradients of training entries into optimiser steps.
#ifndef RONDO_PASSES_DIFFERENTIATE_INSERTOPTIMIZER_TD
#define RONDO_PASSES_DIFFERENTIATE_INSERTOPTIMIZER_TD

include "mlir/Pass/PassBase.td"

def InsertOptimizer : Pass<"rondo-insert-optimizer", "::mlir::ModuleOp"> {
  let summary = "puts the optimiser into accumulate, update and train";
  let description = [{
    Before: entry points as rondo-differentiate leaves them. After: `accumulate` and `train` have no outputs `grad.NAME` any more. `train` has, for every
    gradient, a `square_sum` and an `adamw`, and between them one `adam_rates`; the rates become inputs and `grad_norm` an output.
    `accumulate` adds gradients and loss weights to optimiser states; `update`, empty before, takes the step from them and
    clears them. Declares `adam.m.NAME`, `adam.v.NAME` and, for accumulation, `accumulated.NAME` and `accumulated.loss_weight`.

    `update` steps the parameters that `accumulate` has gradients of, or, without `accumulate`, all that are not frozen.
    Source: Loshchilov and Hutter (arXiv 1711.05101); global-norm clipping: Pascanu et al. (arXiv 1211.5063).

    Example: test/passes/differentiate/insert-optimizer.mlir.
  }];
  let dependentDialects = ["::rondo::RondoDialect", "::mlir::func::FuncDialect"];
}

#endif
