// Layers: lookups, products, norms, rotations and pointwise arithmetic.
#ifndef RONDO_DIALECTS_RONDO_NN_NNOPS_TD
#define RONDO_DIALECTS_RONDO_NN_NNOPS_TD

include "dialects/rondo/RondoAttrs.td"
include "dialects/rondo/interfaces/CostOpInterface.td"
include "dialects/rondo/interfaces/DerivativeOpInterface.td"
include "dialects/rondo/interfaces/SequenceOpInterface.td"
include "dialects/rondo/interfaces/TileOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Rondo_NnOp<string mnemonic, list<Trait> traits = []>
    : Rondo_Op<mnemonic, !listconcat([Pure, InferTypeOpAdaptor,
                                      DeclareOpInterfaceMethods<Rondo_CostOpInterface>], traits)>;
class Rondo_PointwiseOp<string mnemonic, list<Trait> traits = []>
    : Rondo_NnOp<mnemonic, !listconcat([DeclareOpInterfaceMethods<Rondo_PointwiseTileOpInterface>], traits)>;

def Rondo_EmbeddingOp : Rondo_NnOp<"embedding", [DeclareOpInterfaceMethods<Rondo_DerivativeOpInterface>,
    DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "row lookup: y[b, t] = table[tokens[b, t]]";
  let description = [{
    `tokens` i32 `[B, T]`, `table` `[V, D]` -> `[B, T, D]`. The runtime has checked 0 <= token < V.

    Constraints: E1 the shapes above.

    Example:
    ```mlir
    %x = rondo.embedding %tokens, %table : (tensor<2x8xi32>, tensor<97x64xf32>) -> tensor<2x8x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$tokens, AnyRankedTensor:$table);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$tokens `,` $table attr-dict `:` functional-type(operands, results)";
}

def Rondo_LinearOp : Rondo_NnOp<"linear",
    [DeclareOpInterfaceMethods<Rondo_DerivativeOpInterface>,
     DeclareOpInterfaceMethods<Rondo_TileRootOpInterface, ["getPanelOperands"]>]> {
  let summary = "y = x W^T, with W as checkpoints store it";
  let description = [{
    `x` `[B, T, K]` (or `[B, T, H, d]` with H * d = K), `weight` `[N, K]` -> `[B, T, N]`. Each element is one chain of fused
    multiply-adds in ascending k, so its bits depend neither on B nor T.

    Constraints: L1 the shapes above; K of `x` and `weight` agree.

    Example:
    ```mlir
    %y = rondo.linear %x, %w : (tensor<2x8x64xf32>, tensor<128x64xf32>) -> tensor<2x8x128xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$weight);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x `,` $weight attr-dict `:` functional-type(operands, results)";
}

def Rondo_RmsNormOp : Rondo_PointwiseOp<"rms_norm", [DeclareOpInterfaceMethods<Rondo_DerivativeOpInterface>]> {
  let summary = "y = x / sqrt(mean(x^2) + eps) * weight over the last dimension";
  let description = [{
    The last dimension is the width, or the head width for the per-head norm of retention ("group norm"). `weight` is
    `[last dimension]` or absent (ones).

    Constraints: N1 `x` is a sequence tensor, `weight` has its last dimension. N2 `eps` >= 0.

    Example:
    ```mlir
    %y = rondo.rms_norm %x, %w eps 1.0e-6 : (tensor<2x8x64xf32>, tensor<64xf32>) -> tensor<2x8x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, Optional<AnyRankedTensor>:$weight, F64Attr:$eps);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x (`,` $weight^)? `eps` $eps attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Rondo_LayerNormOp : Rondo_PointwiseOp<"layer_norm", [DeclareOpInterfaceMethods<Rondo_DerivativeOpInterface>]> {
  let summary = "y = (x - mean(x)) / sqrt(var(x) + eps) * weight over the last dimension";
  let description = [{
    The variance is mean((x - mean(x))^2), formed from the differences. `weight` is `[last dimension]` or absent (ones); a bias is
    `add_bias` behind it. On heads each is normed by itself. Source: Ba et al., arXiv 1607.06450.

    Constraints: N1 `x` is a sequence tensor, `weight` has its last dimension. N2 `eps` >= 0.

    Example:
    ```mlir
    %y = rondo.layer_norm %x, %w eps 1.0e-5 : (tensor<2x8x64xf32>, tensor<64xf32>) -> tensor<2x8x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, Optional<AnyRankedTensor>:$weight, F64Attr:$eps);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x (`,` $weight^)? `eps` $eps attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Rondo_AddBiasOp : Rondo_PointwiseOp<"add_bias", [DeclareOpInterfaceMethods<Rondo_DerivativeOpInterface>]> {
  let summary = "y = x + bias, the bias repeated over all rows";
  let description = [{
    `bias` is `[last dimension]`: of a product, of a layer norm, or of each head.

    Constraints: AB1 `x` is a sequence tensor with a width, `bias` has its last dimension.

    Example:
    ```mlir
    %y = rondo.add_bias %x, %b : (tensor<2x8x64xf32>, tensor<64xf32>) -> tensor<2x8x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$bias);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x `,` $bias attr-dict `:` functional-type(operands, results)";
}

def Rondo_PositionsOp : Rondo_NnOp<"positions", [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<Rondo_SequenceOpInterface, ["whyNoStep"]>,
    DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "absolute positions of a stretch";
  let description = [{
    `like` is any sequence tensor of the stretch (only its B and T matter). p[b, t] = start[b] + t, i64 `[B, T]`; where
    `reset` (i8 `[B, T]`) is 1 the count restarts at 0. `start` i64 `[B]` is the state (absent: 0); `next` = number of the
    position after the last valid one (i64 `[B]`): start + length, or the count since the last reset that is valid.

    Constraints: P1 the shapes above.

    Example:
    ```mlir
    %p, %next = rondo.positions %tokens : (tensor<2x8xi32>) -> (tensor<2x8xi64>, tensor<2xi64>)
    ```
  }];
  let arguments = (ins AnyRankedTensor:$like, Optional<AnyRankedTensor>:$start, Optional<AnyRankedTensor>:$reset,
      Optional<AnyRankedTensor>:$length);
  let results = (outs AnyRankedTensor:$p, AnyRankedTensor:$next);
  let assemblyFormat = [{
    $like (`start` `(` $start^ `)`)? (`reset` `(` $reset^ `)`)? (`length` `(` $length^ `)`)? attr-dict
    `:` functional-type(operands, results)
  }];
}

def Rondo_RotaryTableOp : Rondo_NnOp<"rotary_table", [DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "cosines and sines of position times theta";
  let description = [{
    `positions` i64 `[B, T]`; `theta` holds d/2 angles in radians per token. cos, sin are f32 `[B, T, d]`, each angle
    repeated for both lanes of its pair in the order of `pairs`. Angles are formed from 64-bit fixed-point turns
    (theta / 2 pi as a fraction of 2^64, wrapping product with the position), so position 10^9 is as exact as position 10.

    Constraints: T1 `positions` is `[B, T]`. T2 at least one angle, all finite.

    Example:
    ```mlir
    %cos, %sin = rondo.rotary_table %p theta [1.0, 1.0e-4] pairs interleaved
        : (tensor<2x8xi64>) -> (tensor<2x8x4xf32>, tensor<2x8x4xf32>)
    ```
  }];
  let arguments = (ins AnyRankedTensor:$positions, DenseF64ArrayAttr:$theta, Rondo_PairsAttr:$pairs);
  let results = (outs AnyRankedTensor:$cos, AnyRankedTensor:$sin);
  let assemblyFormat = "$positions `theta` $theta `pairs` $pairs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Rondo_RotateOp : Rondo_PointwiseOp<"rotate", [DeclareOpInterfaceMethods<Rondo_DerivativeOpInterface>]> {
  let summary = "rotation of lane pairs: y = x cos + J x sin";
  let description = [{
    `x` `[B, T, H, d]`, `cos` and `sin` `[B, T, d]`. J (a, b) = (-b, a) on each pair (a, b) of `pairs`. `inverse` turns
    back, y = x cos - J x sin, and is the derivative of the rotation. Source: RoFormer (arXiv 2104.09864); RetNet eq. 4 with real arithmetic.

    Constraints: J1 the shapes above. J2 d is even.

    Example:
    ```mlir
    %y = rondo.rotate %x, %cos, %sin pairs interleaved
        : (tensor<2x8x4x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>) -> tensor<2x8x4x16xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$cos, AnyRankedTensor:$sin, Rondo_PairsAttr:$pairs,
      UnitAttr:$inverse);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x `,` $cos `,` $sin `pairs` $pairs (`inverse` $inverse^)? attr-dict `:` functional-type(operands, results)";
}

def Rondo_AddOp : Rondo_PointwiseOp<"add", [Commutative, DeclareOpInterfaceMethods<Rondo_DerivativeOpInterface>]> {
  let summary = "elementwise sum of two tensors of one shape";
  let arguments = (ins AnyRankedTensor:$lhs, AnyRankedTensor:$rhs);
  let results = (outs AnyRankedTensor:$y);
  let description = [{
    Constraints: A1 both are sequence tensors of one shape.

    Example:
    ```mlir
    %y = rondo.add %a, %b : (tensor<2x8x64xf32>, tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
    ```
  }];
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Rondo_MulOp : Rondo_PointwiseOp<"mul", [Commutative, DeclareOpInterfaceMethods<Rondo_DerivativeOpInterface>]> {
  let summary = "elementwise product of two tensors of one shape";
  let arguments = (ins AnyRankedTensor:$lhs, AnyRankedTensor:$rhs);
  let results = (outs AnyRankedTensor:$y);
  let description = [{
    Constraints: A1 both are sequence tensors of one shape.

    Example:
    ```mlir
    %y = rondo.mul %a, %b : (tensor<2x8x64xf32>, tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
    ```
  }];
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Rondo_ScaleOp : Rondo_PointwiseOp<"scale", [DeclareOpInterfaceMethods<Rondo_DerivativeOpInterface>]> {
  let summary = "y = factor * x";
  let description = [{
    Constraints: C1 `x` is a sequence tensor.

    Example:
    ```mlir
    %y = rondo.scale %x by 0.125 : (tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, F64Attr:$factor);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x `by` $factor attr-dict `:` functional-type(operands, results)";
}

def Rondo_ActivationOp : Rondo_PointwiseOp<"activation", [DeclareOpInterfaceMethods<Rondo_DerivativeOpInterface>]> {
  let summary = "pointwise non-linearity";
  let description = [{
    Constraints: F1 `x` is a sequence tensor.

    Example:
    ```mlir
    %y = rondo.activation silu %x : (tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
    ```
  }];
  let arguments = (ins Rondo_ActivationAttr:$kind, AnyRankedTensor:$x);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$kind $x attr-dict `:` functional-type(operands, results)";
}

def Rondo_ReshapeOp : Rondo_PointwiseOp<"reshape", [DeclareOpInterfaceMethods<Rondo_DerivativeOpInterface>]> {
  let summary = "other view of the same bytes: width <-> heads x head width";
  let description = [{
    `[B, T, H * d]` <-> `[B, T, H, d]`; the first two dimensions stay. Costs nothing. `heads` is given where heads are made and absent where they are
    joined.

    Constraints: V1 with `heads`, `x` is `[B, T, width]` and `heads` divides the width; without, `x` is `[B, T, H, d]`.

    Example:
    ```mlir
    %y = rondo.reshape %x heads 4 : (tensor<2x8x64xf32>) -> tensor<2x8x4x16xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, OptionalAttr<I64Attr>:$heads);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x (`heads` $heads^)? attr-dict `:` functional-type(operands, results)";
}

def Rondo_LastRowOp : Rondo_NnOp<"last_row", [DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "the row of the last valid position";
  let description = [{
    y[b, 0] = x[b, length[b] - 1], and zeros where length is 0. `x` `[B, T, D]`, `length` i32 `[B]` -> `[B, 1, D]`.

    Constraints: W1 the shapes above.

    Example:
    ```mlir
    %y = rondo.last_row %x, %length : (tensor<2x8x64xf32>, tensor<2xi32>) -> tensor<2x1x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$length);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x `,` $length attr-dict `:` functional-type(operands, results)";
}

#endif
