// Chooses how each sequence op walks its sequence.
#ifndef RONDO_PASSES_SCHEDULE_CHOOSESCHEDULE_TD
#define RONDO_PASSES_SCHEDULE_CHOOSESCHEDULE_TD

include "mlir/Pass/PassBase.td"

def ChooseSchedule : Pass<"rondo-choose-schedule", "::mlir::ModuleOp"> {
  let summary = "chooses parallel, recurrent or chunkwise for each sequence op";
  let description = [{
    Before: entry points with static shapes. After: every `ScheduledOpInterface` op has a schedule. Nothing else changes, and
    the choice never changes the meaning.

    `schedule=auto` compares the estimated times of what the op can run under, for one batch row, so the choice depends on
    widths, types, T and target, never on the batch size. The chunk is chosen first, by the time per token in a long
    sequence: it depends on widths, types and target alone, so that all entry points of a model share it. Ties go
    to the earlier of parallel, recurrent, chunkwise. `schedule=parallel`, `recurrent`, `chunkwise` (the model's chunk) or
    `chunkwise:C` set the schedule of every op.

    `explain` adds a remark to each op: FLOPs, bytes and estimated time of each alternative for one batch row.

    Refuses (RND2110) a schedule that an op cannot run under, and a chunk beyond the target's largest.

    Example: test/passes/schedule/choose-schedule.mlir.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"cpu\"", "Machine whose rates the cost model uses">,
    Option<"schedule", "schedule", "std::string", "\"auto\"", "auto, parallel, recurrent, chunkwise or chunkwise:C">,
    Option<"explain", "explain", "bool", "false", "Adds remarks with what was compared">];
  let dependentDialects = ["::rondo::RondoDialect"];
}

#endif
