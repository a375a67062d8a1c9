// Attention: dilated, and plain as its case of one segment. The contract is docs/compiler/attention.md.
#ifndef RONDO_DIALECTS_RONDO_ATTENTION_ATTENTIONOPS_TD
#define RONDO_DIALECTS_RONDO_ATTENTION_ATTENTIONOPS_TD

include "dialects/rondo/RondoAttrs.td"
include "dialects/rondo/interfaces/CostOpInterface.td"
include "dialects/rondo/interfaces/DerivativeOpInterface.td"
include "dialects/rondo/interfaces/SequenceOpInterface.td"
include "dialects/rondo/interfaces/TileOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rondo_DilatedAttentionOp : Rondo_Op<"dilated_attention", [Pure, AttrSizedOperandSegments, InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<Rondo_SequenceOpInterface, ["whyNoStep", "hasDifferentiableStates", "getStateBytes"]>,
    DeclareOpInterfaceMethods<Rondo_DerivativeOpInterface>,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>, DeclareOpInterfaceMethods<Rondo_TileRootOpInterface, ["storesUnreadResults"]>]> {
  let summary = "one softmax in which a key counts once for every pattern that shows it";
  let description = [{
    Positions of a document are cut, for each pattern p = (w, r) of `dilation`, into segments of w from position 0; the last may be short. Position
    t takes part for head h iff (t mod w) mod r = s_h. Query i sees key j under p iff both take part, are in one segment
    and, unless `bidirectional`, j <= i. With m_ij the number of patterns under which i sees j,

        s_ij = scale sum_d q_id k_jd exp(lane_log_decay_d (i - j))
        o_i = sum_j m_ij e^{s_ij} v_j / sum_j m_ij e^{s_ij}          lse_i = log sum_j m_ij e^{s_ij}

    This is LongNet's mixture of patterns weighted by their softmax denominators. A query that no pattern covers has o = 0 and
    lse = -inf. `lane_log_decay` (one f64 per lane, absent: zeros) is xPos's length scale, log(zeta) / 512 in both lanes of a pair; it is applied
    relative to a tile, so no power of a position is formed.

    A row is one document from position 0, unless `documents` (results of `rondo.documents` of `positions`) say where documents begin and that
    the first goes on from earlier stretches; then the visible keys of those are in `caches`, per pattern keys and values as
    `rondo.append_cache` left them, and queries beyond the last document have o = 0, lse = -inf. `positions` by themselves only tell
    buildStep which positions the documents are to be made of.

    Constraints: D1 q is `[B, T, H, D]`, k `[B, T, G, D]`, v `[B, T, G, Dv]`, G divides H (head h reads head h / (H / G)). D2 `documents` come with
    `positions`, and are not given to a `bidirectional` op. D3 `caches` come with `documents`: per pattern keys `[B, S, C, D]` and values
    `[B, S, C, Dv]`, C = ceil(w / r) and S the number of distinct (head of k, offset). D4 `lane_log_decay` has D finite values.

    `frozen_mixture` holds the weights of the mixture constant in the derivative, as torchscale does.

    Source: Ding et al., "LongNet" (arXiv 2307.02486), eq. 6 to 10. Needed FLOPs: (2 D + 2 Dv) for each visible pair.

    Example:
    ```mlir
    %o, %lse = rondo.dilated_attention %q, %k, %v dilation <[4, 8], [1, 2], blocks> scale 5.0e-1
        : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>) -> (tensor<1x8x2x4xf32>, tensor<1x8x2xf32>)
    ```
  }];
  let arguments = (ins AnyRankedTensor:$q, AnyRankedTensor:$k, AnyRankedTensor:$v, Optional<AnyRankedTensor>:$positions,
      Optional<AnyRankedTensor>:$document_index, Optional<AnyRankedTensor>:$document_bounds, Variadic<AnyRankedTensor>:$caches,
      Rondo_DilationAttr:$dilation, F64Attr:$scale, OptionalAttr<DenseF64ArrayAttr>:$lane_log_decay, UnitAttr:$bidirectional,
      UnitAttr:$frozen_mixture);
  let results = (outs AnyRankedTensor:$o, AnyRankedTensor:$lse);
  let assemblyFormat = [{
    $q `,` $k `,` $v (`positions` `(` $positions^ `)`)? (`documents` `(` $document_index^ `,` $document_bounds `)`)?
    (`caches` `(` $caches^ `)`)? `dilation` $dilation `scale` $scale (`lane_log_decay` $lane_log_decay^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Rondo_AttentionOp : Rondo_Op<"attention", [Pure, InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<Rondo_SequenceOpInterface, ["hasDifferentiableStates", "getStateBytes"]>]> {
  let summary = "softmax over all keys that a query sees";
  let description = [{
    `rondo.dilated_attention` with one pattern in which everything is one segment: w is `capacity`, or T where that is longer and no state is carried;
    r = 1. Query i of a document sees key j of it iff j <= i or the op is `bidirectional`; `lse`, `scale` and
    `lane_log_decay` are as there. Entry points are built of `rondo.dilated_attention`, which has kernels and derivative.

    Its state grows: keys and values of all earlier positions, `[G, capacity, D]` and `[G, capacity, Dv]`. A sequence in a slot has at most
    `capacity` positions: the runtime refuses what goes beyond. Entry points that take states as inputs begin anew at each multiple of it.

    Constraints: A1 q is `[B, T, H, D]`, k `[B, T, G, D]`, v `[B, T, G, Dv]`, G divides H. A2 `positions` and `capacity` > 0 are given iff the
    op is not `bidirectional`. A3 `lane_log_decay` has D finite values.

    Source: Vaswani et al., "Attention is all you need" (arXiv 1706.03762), eq. 1.

    Example:
    ```mlir
    %o, %lse = rondo.attention %q, %k, %v positions(%p) scale 5.0e-1 capacity 1024
        : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8xi64>) -> (tensor<1x8x2x4xf32>, tensor<1x8x2xf32>)
    ```
  }];
  let arguments = (ins AnyRankedTensor:$q, AnyRankedTensor:$k, AnyRankedTensor:$v, Optional<AnyRankedTensor>:$positions,
      F64Attr:$scale, OptionalAttr<DenseF64ArrayAttr>:$lane_log_decay, OptionalAttr<I64Attr>:$capacity, UnitAttr:$bidirectional);
  let results = (outs AnyRankedTensor:$o, AnyRankedTensor:$lse);
  let assemblyFormat = [{
    $q `,` $k `,` $v (`positions` `(` $positions^ `)`)? `scale` $scale (`lane_log_decay` $lane_log_decay^)? (`capacity` $capacity^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Rondo_DocumentsOp : Rondo_Op<"documents", [Pure, InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>, DeclareOpInterfaceMethods<Rondo_TileRootOpInterface, ["storesUnreadResults"]>]> {
  let summary = "where the documents of a stretch begin and end";
  let description = [{
    `positions` i64 `[B, T]` (`rondo.positions`): a document begins where the position is 0; at t = 0 the first one begins or goes on. `index` i32
    `[B, T]` is the number of t's document in its row, from 0. `bounds` i32 `[B, T + 1]`: document n is
    [bounds[n], bounds[n + 1]), where all entries after the last document's are `length` (i32 `[B]`, absent: T). Documents
    that begin at or beyond `length` do not exist; `index` of such positions is the number of documents.

    Constraints: DO1 the shapes above.

    Example:
    ```mlir
    %index, %bounds = rondo.documents %p length(%length)
        : (tensor<2x8xi64>, tensor<2xi32>) -> (tensor<2x8xi32>, tensor<2x9xi32>)
    ```
  }];
  let arguments = (ins AnyRankedTensor:$positions, Optional<AnyRankedTensor>:$length);
  let results = (outs AnyRankedTensor:$index, AnyRankedTensor:$bounds);
  let assemblyFormat = "$positions (`length` `(` $length^ `)`)? attr-dict `:` functional-type(operands, results)";
}

def Rondo_AppendCacheOp : Rondo_Op<"append_cache", [Pure, InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>, DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "the rows that later queries of a pattern can see";
  let description = [{
    `cache` `[B, S, C, D]` holds, per stream (head of k, offset), row i = the row of `rows` `[B, T, G, D]` at position w n + s + r i of the open
    segment n of pattern `pattern`. The result is the cache after the stretch: the rows of the segment that the next position belongs to; rows that
    no later query can see are whatever they were. Streams stand in ascending order of (head of k, offset) (`#rondo.dilation`, `heads` query heads).
    A batch row of length 0 leaves its cache as it is.

    Constraints: AC1 the shapes above; `index`, `bounds` and `positions` as `rondo.dilated_attention` takes them.

    Example:
    ```mlir
    %new = rondo.append_cache %cache, %k positions(%p) documents(%index, %bounds) dilation <[4, 8], [1, 2], blocks> pattern 1 heads 2
        : (tensor<1x2x4x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>) -> tensor<1x2x4x4xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$cache, AnyRankedTensor:$rows, AnyRankedTensor:$positions,
      AnyRankedTensor:$document_index, AnyRankedTensor:$document_bounds, Rondo_DilationAttr:$dilation, I64Attr:$pattern, I64Attr:$heads);
  let results = (outs AnyRankedTensor:$next);
  let assemblyFormat = [{
    $cache `,` $rows `positions` `(` $positions `)` `documents` `(` $document_index `,` $document_bounds `)` `dilation` $dilation
    `pattern` $pattern `heads` $heads attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif
