// What retention's derivative needs beyond retention itself.
#ifndef RONDO_DIALECTS_RONDO_RETENTION_RETENTIONGRADOPS_TD
#define RONDO_DIALECTS_RONDO_RETENTION_RETENTIONGRADOPS_TD

include "dialects/rondo/retention/RetentionOps.td"

def Rondo_RetentionGradDecayOp : Rondo_Op<"retention_grad_decay", [Pure, InferTypeOpAdaptor, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>, DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "gradient of retention by its log decay";
  let description = [{
    The reverse running sum, per batch row and head and within a document,

        d_log_decay_t = sum_{s >= t} (q_s . dq_s - k_s . dk_s) + <d_final_state, final_state>

    and 0 where `reset` is 1; a sum never crosses the start of a document, so the state's term counts for the last document
    only. dq and dk are `[B, T, H, Dk]`, before the heads that shared a q or k are summed; q and k `[B, T, Hq, Dk]` and
    `[B, T, Hk, Dk]` as retention reads them (head h reads head h / (H / Hx)). The states are `[B, H, ...]` of one shape, given
    both or not at all. Positions >= `length` (i32 `[B]`) are not in the sums and get 0. f32 accumulators, in descending order of s.
    For the adjoint direction q and k change places, and the states are the initial one and its gradient.

    Constraints: RD1 the shapes above; Hq and Hk divide H.

    Source: the derivative of S_t = exp(log_decay_t) S_{t-1} + k_t v_t^T summed by parts.

    Example:
    ```mlir
    %d = rondo.retention_grad_decay %q, %dq, %k, %dk
        : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>) -> tensor<1x8x2xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$q, AnyRankedTensor:$dq, AnyRankedTensor:$k, AnyRankedTensor:$dk,
      Optional<AnyRankedTensor>:$final_state, Optional<AnyRankedTensor>:$d_final_state, Optional<AnyRankedTensor>:$reset,
      Optional<AnyRankedTensor>:$length);
  let results = (outs AnyRankedTensor:$d_log_decay);
  let assemblyFormat = [{
    $q `,` $dq `,` $k `,` $dk (`final` `(` $final_state^ `,` $d_final_state `)`)? (`reset` `(` $reset^ `)`)?
    (`length` `(` $length^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
}

def Rondo_RetentionScaleRowsOp : Rondo_Op<"retention_scale_rows", [Pure, InferTypeOpAdaptor, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>, DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "rows times the positive factor that retention's row_scale gives them";
  let description = [{
    y[b, t, h] = f[b, t, h] x[b, t, h], `[B, T, H, D]`, f being what `rondo.retention` of this `decay` and `row_scale` multiplies
    row t of head h of its output with, computed again: for `torchscale_recurrent` 1 / sqrt(a_t) with a_{-1} = `initial_scale` (f32
    `[B, H]`, absent: 0), for `torchscale_parallel` also divided by the clamped sum of its scores of q, k. Rows at positions >=
    `length` (i32 `[B]`) are 0. f is a constant to the derivative of retention, which applies it to the cotangent of o.

    Constraints: SR1 x `[B, T, H, D]`, q `[B, T, Hq, Dk]`, k `[B, T, Hk, Dk]`, Hq and Hk dividing H; `decay` has H values in [0, 1].
    SR2 `row_scale` is not none; q and k exactly with `torchscale_parallel`, `initial_scale` and `length` only with
    `torchscale_recurrent`.

    Source: torchscale's retention, in which the sum is detached.

    Example:
    ```mlir
    %y = rondo.retention_scale_rows %x decay [0.96875, 0.984375] by torchscale_recurrent
        : (tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, Optional<AnyRankedTensor>:$q, Optional<AnyRankedTensor>:$k,
      Optional<AnyRankedTensor>:$initial_scale, Optional<AnyRankedTensor>:$length, DenseF64ArrayAttr:$decay,
      Rondo_RowScaleAttr:$row_scale);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = [{
    $x (`scores` `(` $q^ `,` $k `)`)? (`init_scale` `(` $initial_scale^ `)`)? (`length` `(` $length^ `)`)? `decay` $decay
    `by` $row_scale attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif
