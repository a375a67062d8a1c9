// Computes values of the forward pass again in the backward pass instead of keeping them.
#ifndef RONDO_PASSES_DIFFERENTIATE_REMATERIALISE_TD
#define RONDO_PASSES_DIFFERENTIATE_REMATERIALISE_TD

include "mlir/Pass/PassBase.td"

def Rematerialise : Pass<"rondo-rematerialise", "::mlir::ModuleOp"> {
  let summary = "recomputes forward values in the backward pass, by a memory budget";
  let description = [{
    Before: entry points with a backward pass. After: some ops of the forward pass have copies that carry `rondo.backward`, each right
    before its first reader, and the backward pass reads the copies. A value is kept if the backward pass still reads the one of the forward pass.

    `budget` (`--remat` of rondo-compile):
    - `none`: everything that is read again is kept.
    - `auto`: pointwise ops (activations, norms, products) are computed again where that keeps fewer bytes: their operands
      are mostly kept already, and they cost a pass over memory at most.
    - a number of bytes: as `auto`, and then whole block instances, first to last, until the kept values fit: of such a
      block only what enters and leaves it is kept, and the states that it started from. States, parameters and inputs do not count.

    The choice is left on the entry point as `rondo.remat = {choice, kept_bytes, all_bytes}`; a budget that cannot be met is
    a warning. Random ops give the same numbers again, since they are functions of counters.
    Source: Chen et al., "Training Deep Nets with Sublinear Memory Cost" (arXiv 1604.06174).

    Example: test/passes/differentiate/rematerialise.mlir.
  }];
  let options = [Option<"budget", "budget", "std::string", "\"auto\"", "auto, none or a number of bytes">];
  let dependentDialects = ["::rondo::RondoDialect", "::mlir::func::FuncDialect"];
}

#endif
