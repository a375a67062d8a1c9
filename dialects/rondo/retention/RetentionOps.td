// Retention: the recurrence that RetNet and its relatives mix positions with.
#ifndef RONDO_DIALECTS_RONDO_RETENTION_RETENTIONOPS_TD
#define RONDO_DIALECTS_RONDO_RETENTION_RETENTIONOPS_TD

include "dialects/rondo/RondoAttrs.td"
include "dialects/rondo/interfaces/CostOpInterface.td"
include "dialects/rondo/interfaces/DerivativeOpInterface.td"
include "dialects/rondo/interfaces/SequenceOpInterface.td"
include "dialects/rondo/interfaces/TileOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rondo_RetentionOp : Rondo_Op<"retention", [Pure, AttrSizedOperandSegments, InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<Rondo_SequenceOpInterface, ["whyNoStep"]>,
    DeclareOpInterfaceMethods<Rondo_ScheduledOpInterface>, DeclareOpInterfaceMethods<Rondo_DerivativeOpInterface>,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>, DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "retention: decayed linear attention with a state";
  let description = [{
    Per batch row and head, with S_{-1} = `initial_state` (absent: 0) and decay g_t:

        S_t = g_t S_{t-1} + k_t v_t^T          o_t = S_t^T q_t

    `o` is `[B, T, H, Dv]`, `final_state` is S_{T-1}, `[B, H, Dk, Dv]`. g_t is a constant per head (`decay`, one f64 per
    head, RetNet) or exp(`log_decay`) with `log_decay` f32 `[B, T, H]`, where minus infinity means g = 0 (gated retention).
    Where `reset` (i8 `[B, T]`, 0 or 1) is 1 a new document starts: g_t = 0 by select. Positions >= `length`
    (i32 `[B]`) are padding: they change no state and their o is 0; NaN in padding does not spread.

    `direction = adjoint` runs the adjoint recurrence S_t = g_{t+1} S_{t+1} + k_t v_t^T from the last position, with
    g_T = 1 for the incoming state and final state g_0 S_0. `transposed_state` gives and takes states as `[B, H, Dv, Dk]`.

    `row_scale` multiplies each row of o by a positive number before the head norm, as torchscale does:
    `torchscale_recurrent` divides by sqrt(a_t), a_t = g a_{t-1} + 1 with a_{-1} = `initial_scale` (f32 `[B, H]`, absent: 0),
    and then the op has a third result `final_scale`, the last a (f32 `[B, H]`); `torchscale_parallel` also divides by
    clamp(sum_m |scaled score_m|, 1, 5e4), where score_m = g^(t-m) q_t . k_m and scaled by 1 / sqrt(a_t). The factor counts as a
    constant in the derivative, and so do `initial_scale` and `final_scale`.

    Constraints: R1 q, k are `[B, T, Hq, Dk]`, `[B, T, Hk, Dk]`, v is `[B, T, Hv, Dv]`; H = max(Hq, Hk, Hv) and each divides
    H (head h reads head h / (H / Hx)). R2 exactly one of `decay` and `log_decay`; `decay` has H values in [0, 1].
    R3 `initial_state` is `[B, H, Dk, Dv]` (`[B, H, Dv, Dk]` if transposed), `log_decay` `[B, T, H]`, `reset` `[B, T]`,
    `length` `[B]`. R4 `row_scale = torchscale_parallel` only under the parallel
    schedule.
    R5 `row_scale` other than none only with constant decay, no reset, no adjoint, no transposed state;
    `torchscale_parallel` also without initial state and length. R6 `initial_scale` only with, and
    `final_scale` exactly with `row_scale = torchscale_recurrent`.

    Source: Sun et al., "Retentive Network" (arXiv 2307.08621), eq. 1 to 7. Needed FLOPs per head and token: recurrent
    5 Dk Dv; chunkwise C (Dk + Dv) + 4 Dk Dv; parallel T (Dk + Dv).

    Example:
    ```mlir
    %o, %s = rondo.retention %q, %k, %v decay [0.96875, 0.984375]
        : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x8xf32>) -> (tensor<1x8x2x8xf32>, tensor<1x2x4x8xf32>)
    ```
  }];
  let arguments = (ins AnyRankedTensor:$q, AnyRankedTensor:$k, AnyRankedTensor:$v,
      Optional<AnyRankedTensor>:$log_decay, Optional<AnyRankedTensor>:$initial_state,
      Optional<AnyRankedTensor>:$reset, Optional<AnyRankedTensor>:$length, Optional<AnyRankedTensor>:$initial_scale,
      OptionalAttr<DenseF64ArrayAttr>:$decay,
      DefaultValuedAttr<Rondo_DirectionAttr, "::rondo::Direction::Forward">:$direction,
      UnitAttr:$transposed_state,
      DefaultValuedAttr<Rondo_RowScaleAttr, "::rondo::RowScale::None">:$row_scale,
      OptionalAttr<Rondo_ScheduleAttr>:$schedule);
  let results = (outs AnyRankedTensor:$o, AnyRankedTensor:$final_state, Optional<AnyRankedTensor>:$final_scale);
  let assemblyFormat = [{
    $q `,` $k `,` $v (`decay` $decay^)? (`log_decay` `(` $log_decay^ `)`)? (`init` `(` $initial_state^ `)`)?
    (`reset` `(` $reset^ `)`)? (`length` `(` $length^ `)`)? (`init_scale` `(` $initial_scale^ `)`)?
    (`schedule` $schedule^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif
