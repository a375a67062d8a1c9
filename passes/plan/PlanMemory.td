// Places the results of groups in the entry points' arenas.
#ifndef RONDO_PASSES_PLAN_PLANMEMORY_TD
#define RONDO_PASSES_PLAN_PLANMEMORY_TD

include "mlir/Pass/PassBase.td"

def PlanMemory : Pass<"rondo-plan-memory", "::mlir::ModuleOp"> {
  let summary = "places group results in one arena per entry point";
  let description = [{
    Before: groups in the order in which they will run. After: each group has `slices`, one byte offset per result, a
    multiple of 64, and -1 for a result that is an output of the entry point; the function has `rondo.arena_bytes`.

    A result occupies its bytes from the group that computes it to the last group that reads it, both included. Results are
    placed largest first, each in the smallest gap between those that live while it does (the lowest of equal ones), else behind
    them; where another order (ArenaPlan.h) gives a smaller arena, in that. With `report`, a remark per entry point compares the
    arena with the most bytes in use at once, below which no plan gets, and with the sum of all results.

    Refuses nothing.

    Example: test/passes/plan/plan-memory.mlir.
  }];
  let options = [Option<"report", "report", "bool", "false", "Emit a remark with the sizes of each arena">];
}

#endif
