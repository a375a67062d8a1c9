// Derives entry points with static shapes from the whole-sequence graph.
#ifndef RONDO_PASSES_DERIVE_DERIVEENTRIES_TD
#define RONDO_PASSES_DERIVE_DERIVEENTRIES_TD

include "mlir/Pass/PassBase.td"

def DeriveEntries : Pass<"rondo-derive-entries", "::mlir::ModuleOp"> {
  let summary = "derives entry points from the graph";
  let description = [{
    Before: one function with `rondo.graph`, batch and time dynamic. After: the graph is gone; there is one function with
    `rondo.entry` and static shapes per request, and one `rondo.state` per state that an entry point carries.

    `forward` is the graph at its sizes. `score`, `prefill` and `decode` are one derivation: each `SequenceOpInterface` op is
    rebuilt for a stretch that starts from the states of the slots in use (`read_state`, `buildStep`, `write_state`) and
    ignores positions >= `length`; every other op is pointwise along the sequence and is copied. They differ in their
    heads: `score` turns the product that makes `logits` into `linear_log_prob` of `targets`; `prefill` with `logits=last`
    takes the last valid row before that product, so one row of logits is computed; `decode` is prefill with T = 1 and no
    `length`. Ops that no output or state needs are dropped.

    `grad`, `accumulate` and `train` are the same derivation with `mean_loss` as their head, documents cut by `segment_ids` and
    no `length`; an op that looks ahead or cannot be cut takes part as it stands. In these three `RandomOpInterface` ops draw from
    their streams; elsewhere their inference form stands. `vjp` has no slots: states are inputs and
    outputs. `update` is empty. The differentiate stage completes them (docs/compiler/training.md).

    Requests: `entries=forward:B=2,T=64;prefill:B=1,T=128,slots=4,logits=last;decode:B=1`. B defaults to 1, slots to B,
    logits to last; T is needed except for decode and update, which take none.

    Refuses (RND2109): an op that looks ahead, or whose initial state is the graph's own, in score, prefill or
    decode; score and training without `logits` made by a product; a graph whose inputs are called targets, length or slot where an entry adds these.

    Example: test/passes/derive/derive-entries.mlir.
  }];
  let options = [
    Option<"entries", "entries", "std::string", "\"\"", "Entry points to derive, separated by semicolons">];
  let dependentDialects = ["::rondo::RondoDialect", "::mlir::func::FuncDialect"];
}

#endif
