// What an op that mixes positions must say so that prefill and decode can be derived from the whole-sequence graph.
#ifndef RONDO_DIALECTS_RONDO_INTERFACES_SEQUENCEOPINTERFACE_TD
#define RONDO_DIALECTS_RONDO_INTERFACES_SEQUENCEOPINTERFACE_TD

include "mlir/IR/OpBase.td"

def Rondo_SequenceOpInterface : OpInterface<"SequenceOpInterface"> {
  let cppNamespace = "::rondo";
  let description = [{
    An op whose output at one position depends on other positions. It names the state that it carries from one
    stretch of the sequence to the next, and rebuilds itself for one stretch. Ops without this interface are
    pointwise along batch and time. (DESIGN idea 1: describe once, derive the rest.)
  }];
  let methods = [
    InterfaceMethod<"The states carried between stretches, in a fixed order.",
      "::llvm::SmallVector<::rondo::StateSpec>", "getStateSpecs">,
    InterfaceMethod<"True if position t depends only on positions <= t; otherwise prefill and decode are errors.",
      "bool", "isCausal">,
    InterfaceMethod<[{
        Empty if buildStep can serve this op as the graph uses it, else the reason (its initial state is the graph's, say).
      }],
      "std::optional<std::string>", "whyNoStep", (ins), "", "return std::nullopt;">,
    InterfaceMethod<[{
        True if gradients flow through the states, as `vjp` wants it; else the op takes part in `vjp` and `forward` by a step without states.
      }],
      "bool", "hasDifferentiableStates", (ins), "", "return true;">,
    InterfaceMethod<[{
        The most bytes of one sequence's states that hold something in its first `positions` positions: what they cost as
        a function of length. Constant for ops whose states do not grow.
      }],
      "int64_t", "getStateBytes", (ins "int64_t":$positions), "", [{
        int64_t bytes = 0;
        for (const ::rondo::StateSpec &spec : $_op.getStateSpecs())
          bytes += spec.slot.getNumElements() * spec.slot.getElementTypeBitWidth() / 8;
        return bytes;
      }]>,
    InterfaceMethod<[{
        Builds, at the builder's insertion point, this op on one stretch: it starts from the stretch's states and ignores
        positions >= its length. A document that begins (`reset`) is cut off from what stands before it; an op that has
        a reset operand of its own keeps that one. The outcome's results replace the op's results; its states are the new
        ones, equal to the old where length is 0. Entry points without states call it with none for ops whose states are not differentiable
        or that look ahead: the op then begins at the stretch, and is cut at documents.
      }],
      "::rondo::SequenceStep", "buildStep",
      (ins "::mlir::OpBuilder &":$builder, "const ::rondo::SequenceStretch &":$stretch)>,
  ];
}

def Rondo_ScheduledOpInterface : OpInterface<"ScheduledOpInterface"> {
  let cppNamespace = "::rondo";
  let description = [{
    A sequence op that has several lowerings. The cost model compares the work of each; `rondo-choose-schedule`
    sets the choice. The choice never changes the meaning.
  }];
  let methods = [
    InterfaceMethod<[{
        The alternatives for static shapes. `chunks` are the chunk sizes that the target can tile; the work is that of
        the whole op, all batch rows included, though the choice may not depend on the batch size (the pass divides by it).
      }],
      "::llvm::SmallVector<::rondo::ScheduleAlternative>", "getAlternatives", (ins "::llvm::ArrayRef<int64_t>":$chunks)>,
    InterfaceMethod<[{
        The work of one token of one batch row in a long sequence walked in chunks of `chunk`: what the chunk is chosen by, so
        that every entry point of a model has the same.
      }],
      "::rondo::Work", "getSteadyWork", (ins "int64_t":$chunk)>,
    InterfaceMethod<"Null if `schedule` is possible here, else why not.", "std::optional<std::string>",
      "whyNot", (ins "::rondo::ScheduleAttr":$schedule)>,
    InterfaceMethod<"The schedule in force, null before it is chosen.", "::rondo::ScheduleAttr", "getChosenSchedule">,
    InterfaceMethod<"Sets the schedule.", "void", "setChosenSchedule", (ins "::rondo::ScheduleAttr":$schedule)>,
  ];
}

#endif
