// What the derivative of attention is made of: the flash backward, fed with the joint log-sum-exp (reference B.4).
#ifndef RONDO_DIALECTS_RONDO_ATTENTION_ATTENTIONGRADOPS_TD
#define RONDO_DIALECTS_RONDO_ATTENTION_ATTENTIONGRADOPS_TD

include "dialects/rondo/attention/AttentionOps.td"

class Rondo_AttentionGradOp<string mnemonic> : Rondo_Op<mnemonic, [Pure, AttrSizedOperandSegments, InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>,
    DeclareOpInterfaceMethods<Rondo_TileRootOpInterface, ["storesUnreadResults"]>]>;

def Rondo_AttentionRowDotsOp : Rondo_Op<"attention_row_dots", [Pure, InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>, DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "delta: what every score's gradient of a query is lowered by";
  let description = [{
    delta[b, t, h] = d_o[b, t, h] . o[b, t, h] - d_lse[b, t, h], `[B, T, H, 1]`; `o` and `d_o` `[B, T, H, Dv]`, `d_lse` `[B, T, H]` (absent: 0).

    Constraints: AR1 the shapes above.

    Example:
    ```mlir
    %d = rondo.attention_row_dots %o, %do : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>) -> tensor<1x8x2x1xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$o, AnyRankedTensor:$d_o, Optional<AnyRankedTensor>:$d_lse);
  let results = (outs AnyRankedTensor:$delta);
  let assemblyFormat = "$o `,` $d_o (`lse` `(` $d_lse^ `)`)? attr-dict `:` functional-type(operands, results)";
}

def Rondo_AttentionPatternDotsOp : Rondo_AttentionGradOp<"attention_pattern_dots"> {
  let summary = "delta per pattern, for a derivative that holds the mixture's weights constant";
  let description = [{
    delta[b, t, h, p] = d_o[b, t, h] . o_p[b, t, h] - d_lse[b, t, h], `[B, T, H, P]`, where o_p is the attention of pattern p alone; 0 where p does not cover t. Operands and attributes
    as in `rondo.dilated_attention`, `lse` its result, `d_o` `[B, T, H, Dv]`. torchscale's mixture weights carry no gradient; then
    ds_ij = p_ij (d_o_i . v_j - delta_i,p) within pattern p.

    Constraints: AP1 the shapes of `rondo.dilated_attention`.

    Example:
    ```mlir
    %d = rondo.attention_pattern_dots %q, %k, %v, %lse, %do dilation <[4, 8], [1, 2], blocks> scale 5.0e-1
        : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2xf32>, tensor<1x8x2x4xf32>) -> tensor<1x8x2x2xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$q, AnyRankedTensor:$k, AnyRankedTensor:$v, AnyRankedTensor:$lse, AnyRankedTensor:$d_o,
      Optional<AnyRankedTensor>:$d_lse, Optional<AnyRankedTensor>:$positions, Optional<AnyRankedTensor>:$document_index, Optional<AnyRankedTensor>:$document_bounds,
      Variadic<AnyRankedTensor>:$caches, Rondo_DilationAttr:$dilation, F64Attr:$scale, OptionalAttr<DenseF64ArrayAttr>:$lane_log_decay,
      UnitAttr:$bidirectional);
  let results = (outs AnyRankedTensor:$delta);
  let assemblyFormat = [{
    $q `,` $k `,` $v `,` $lse `,` $d_o (`lse` `(` $d_lse^ `)`)? (`positions` `(` $positions^ `)`)? (`documents` `(` $document_index^ `,` $document_bounds `)`)?
    (`caches` `(` $caches^ `)`)? `dilation` $dilation `scale` $scale (`lane_log_decay` $lane_log_decay^)? attr-dict
    `:` functional-type(operands, results)
  }];
}

def Rondo_AttentionGradQueriesOp : Rondo_AttentionGradOp<"attention_grad_queries"> {
  let summary = "gradient of attention by its queries";
  let description = [{
    With p_ij = m_ij exp(s_ij - lse_i), summed over patterns where delta has one number per pattern,

        ds_ij = p_ij (d_o_i . v_j - delta_i)        dq_i = scale sum_j ds_ij k_j exp(lane_log_decay (i - j))

    `lse` `[B, T, H]` and `delta` `[B, T, H, 1]` or `[B, T, H, P]`; all else as in `rondo.dilated_attention`. Keys in `caches` count.

    Constraints: AG1 the shapes of `rondo.dilated_attention`; delta's last dimension is 1 or the number of patterns.

    Example:
    ```mlir
    %dq = rondo.attention_grad_queries %q, %k, %v, %lse, %delta, %do dilation <[4, 8], [1, 2], blocks> scale 5.0e-1
        : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2xf32>, tensor<1x8x2x1xf32>, tensor<1x8x2x4xf32>)
        -> tensor<1x8x2x4xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$q, AnyRankedTensor:$k, AnyRankedTensor:$v, AnyRankedTensor:$lse, AnyRankedTensor:$delta,
      AnyRankedTensor:$d_o, Optional<AnyRankedTensor>:$positions, Optional<AnyRankedTensor>:$document_index,
      Optional<AnyRankedTensor>:$document_bounds, Variadic<AnyRankedTensor>:$caches, Rondo_DilationAttr:$dilation, F64Attr:$scale,
      OptionalAttr<DenseF64ArrayAttr>:$lane_log_decay, UnitAttr:$bidirectional);
  let results = (outs AnyRankedTensor:$dq);
  let assemblyFormat = [{
    $q `,` $k `,` $v `,` $lse `,` $delta `,` $d_o (`positions` `(` $positions^ `)`)?
    (`documents` `(` $document_index^ `,` $document_bounds `)`)? (`caches` `(` $caches^ `)`)? `dilation` $dilation `scale` $scale
    (`lane_log_decay` $lane_log_decay^)? attr-dict `:` functional-type(operands, results)
  }];
}

def Rondo_AttentionGradKeysOp : Rondo_AttentionGradOp<"attention_grad_keys"> {
  let summary = "gradients of attention by its keys and values";
  let description = [{
        dk_j = scale sum_i ds_ij q_i exp(lane_log_decay (i - j))        dv_j = sum_i p_ij d_o_i

    summed over the query heads that share a head of k and v; p, ds and operands as in `rondo.attention_grad_queries`. Keys of earlier stretches get no
    gradient.

    Constraints: AG1 the shapes of `rondo.dilated_attention`; delta's last dimension is 1 or the number of patterns.

    Example:
    ```mlir
    %dk, %dv = rondo.attention_grad_keys %q, %k, %v, %lse, %delta, %do dilation <[4, 8], [1, 2], blocks> scale 5.0e-1
        : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2xf32>, tensor<1x8x2x1xf32>, tensor<1x8x2x4xf32>)
        -> (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>)
    ```
  }];
  let arguments = (ins AnyRankedTensor:$q, AnyRankedTensor:$k, AnyRankedTensor:$v, AnyRankedTensor:$lse, AnyRankedTensor:$delta,
      AnyRankedTensor:$d_o, Optional<AnyRankedTensor>:$positions, Optional<AnyRankedTensor>:$document_index,
      Optional<AnyRankedTensor>:$document_bounds, Rondo_DilationAttr:$dilation, F64Attr:$scale,
      OptionalAttr<DenseF64ArrayAttr>:$lane_log_decay, UnitAttr:$bidirectional);
  let results = (outs AnyRankedTensor:$dk, AnyRankedTensor:$dv);
  let assemblyFormat = [{
    $q `,` $k `,` $v `,` $lse `,` $delta `,` $d_o (`positions` `(` $positions^ `)`)?
    (`documents` `(` $document_index^ `,` $document_bounds `)`)? `dilation` $dilation `scale` $scale
    (`lane_log_decay` $lane_log_decay^)? attr-dict `:` functional-type(operands, results)
  }];
}

def Rondo_AttentionGradientsOp : Rondo_AttentionGradOp<"attention_gradients"> {
  let summary = "gradients of attention by its queries, keys and values";
  let description = [{
    dq as of `rondo.attention_grad_queries`, dk and dv as of `rondo.attention_grad_keys`: scores and weights serve all three where workgroups can own
    whole segments.

    Constraints: AG1 the shapes of `rondo.dilated_attention`; delta's last dimension is 1 or the number of patterns.

    Example:
    ```mlir
    %dq, %dk, %dv = rondo.attention_gradients %q, %k, %v, %lse, %delta, %do dilation <[4, 8], [1, 2], blocks> scale 5.0e-1
        : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2xf32>, tensor<1x8x2x1xf32>, tensor<1x8x2x4xf32>)
        -> (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>)
    ```
  }];
  let arguments = (ins AnyRankedTensor:$q, AnyRankedTensor:$k, AnyRankedTensor:$v, AnyRankedTensor:$lse, AnyRankedTensor:$delta,
      AnyRankedTensor:$d_o, Optional<AnyRankedTensor>:$positions, Optional<AnyRankedTensor>:$document_index,
      Optional<AnyRankedTensor>:$document_bounds, Variadic<AnyRankedTensor>:$caches, Rondo_DilationAttr:$dilation, F64Attr:$scale,
      OptionalAttr<DenseF64ArrayAttr>:$lane_log_decay, UnitAttr:$bidirectional);
  let results = (outs AnyRankedTensor:$dq, AnyRankedTensor:$dk, AnyRankedTensor:$dv);
  let assemblyFormat = [{
    $q `,` $k `,` $v `,` $lse `,` $delta `,` $d_o (`positions` `(` $positions^ `)`)?
    (`documents` `(` $document_index^ `,` $document_bounds `)`)? (`caches` `(` $caches^ `)`)? `dilation` $dilation `scale` $scale
    (`lane_log_decay` $lane_log_decay^)? attr-dict `:` functional-type(operands, results)
  }];
}

#endif
