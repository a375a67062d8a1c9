// Gradients of the layer ops, as far as they are ops of their own. Sums over rows run in an order that sizes alone decide.
#ifndef RONDO_DIALECTS_RONDO_NN_NNGRADOPS_TD
#define RONDO_DIALECTS_RONDO_NN_NNGRADOPS_TD

include "dialects/rondo/nn/NnOps.td"

// A gradient by a parameter: the plan gives the result the parameter's storage layout.
class Rondo_ParameterGradOp<string mnemonic, list<Trait> traits = []>
    : Rondo_Op<mnemonic, !listconcat([Pure, InferTypeOpAdaptorWithIsCompatible,
                                      DeclareOpInterfaceMethods<Rondo_CostOpInterface>], traits)>;

def Rondo_LinearGradInputOp : Rondo_NnOp<"linear_grad_input",
    [DeclareOpInterfaceMethods<Rondo_TileRootOpInterface, ["getPanelOperands"]>]> {
  let summary = "dx = dy W: gradient of linear by its input";
  let description = [{
    `dy` `[B, T, N]`, `weight` `[N, K]` as checkpoints store it -> `[B, T, K]`. Reads the panels of W that the forward product
    reads.

    Constraints: LG1 the shapes above.

    Example:
    ```mlir
    %dx = rondo.linear_grad_input %dy, %w : (tensor<2x8x128xf32>, tensor<128x64xf32>) -> tensor<2x8x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$dy, AnyRankedTensor:$weight);
  let results = (outs AnyRankedTensor:$dx);
  let assemblyFormat = "$dy `,` $weight attr-dict `:` functional-type(operands, results)";
}

def Rondo_LinearGradWeightOp : Rondo_ParameterGradOp<"linear_grad_weight",
    [DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "dW = sum over rows of dy x^T: gradient of linear by its weight";
  let description = [{
    `dy` `[B, T, N]`, `x` `[B, T, K]` (or `[B, T, H, d]` with H * d = K) -> `[N, K]`.

    Constraints: LG2 the shapes above.

    Example:
    ```mlir
    %dw = rondo.linear_grad_weight %dy, %x : (tensor<2x8x128xf32>, tensor<2x8x64xf32>) -> tensor<128x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$dy, AnyRankedTensor:$x);
  let results = (outs AnyRankedTensor:$dw);
  let assemblyFormat = "$dy `,` $x attr-dict `:` functional-type(operands, results)";
}

def Rondo_EmbeddingGradOp : Rondo_ParameterGradOp<"embedding_grad",
    [DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "gradient of embedding by its table: rows of dy added up per token";
  let description = [{
    dtable[v] = sum of dy[b, t] over the positions with tokens[b, t] = v, in ascending order of b * T + t. `tokens` i32
    `[B, T]`, `dy` `[B, T, D]` -> `[vocabulary, D]`.

    Constraints: EG1 the shapes above.

    Example:
    ```mlir
    %dtable = rondo.embedding_grad %tokens, %dy vocabulary 97 : (tensor<2x8xi32>, tensor<2x8x64xf32>) -> tensor<97x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$tokens, AnyRankedTensor:$dy, I64Attr:$vocabulary);
  let results = (outs AnyRankedTensor:$dtable);
  let assemblyFormat = "$tokens `,` $dy `vocabulary` $vocabulary attr-dict `:` functional-type(operands, results)";
}

// The three gradient ops of a norm: by its input, by its weight, and the partial sums of the latter.
class Rondo_NormGradOp<string mnemonic> : Rondo_PointwiseOp<mnemonic> {
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$dy, Optional<AnyRankedTensor>:$weight, F64Attr:$eps);
  let results = (outs AnyRankedTensor:$dx);
  let assemblyFormat = "$x `,` $dy (`,` $weight^)? `eps` $eps attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}
class Rondo_NormGradWeightOp<string mnemonic>
    : Rondo_ParameterGradOp<mnemonic, [DeclareOpInterfaceMethods<Rondo_KernelSequenceOpInterface>]> {
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$dy, F64Attr:$eps);
  let results = (outs AnyRankedTensor:$dw);
  let assemblyFormat = "$x `,` $dy `eps` $eps attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}
class Rondo_NormGradBlocksOp<string mnemonic> : Rondo_NnOp<mnemonic, [DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$dy, F64Attr:$eps);
  let results = (outs AnyRankedTensor:$sums);
  let assemblyFormat = "$x `,` $dy `eps` $eps attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Rondo_RmsNormGradOp : Rondo_NormGradOp<"rms_norm_grad"> {
  let summary = "gradient of rms_norm by its input";
  let description = [{
    With r = 1 / sqrt(mean(x^2) + eps) and g = dy * weight: dx = r g - r^3 x mean(x g), over the last dimension.
    `x` and `dy` have one shape; `weight` is `[last dimension]` or absent (ones).

    Constraints: NG1 the shapes above. NG2 `eps` >= 0.

    Example:
    ```mlir
    %dx = rondo.rms_norm_grad %x, %dy, %w eps 1.0e-6
        : (tensor<2x8x64xf32>, tensor<2x8x64xf32>, tensor<64xf32>) -> tensor<2x8x64xf32>
    ```
  }];
}

def Rondo_RmsNormGradWeightOp : Rondo_NormGradWeightOp<"rms_norm_grad_weight"> {
  let summary = "gradient of rms_norm by its weight";
  let description = [{
    dw[j] = sum over all rows of dy[row, j] x[row, j] / sqrt(mean(x[row]^2) + eps); a row is one run of the last dimension, so
    heads count as rows. `x` and `dy` have one shape -> `[last dimension]`. In kernels it is `rms_norm_grad_blocks` and `sum_blocks`.

    Constraints: NG1 the shapes above. NG2 `eps` >= 0.

    Example:
    ```mlir
    %dw = rondo.rms_norm_grad_weight %x, %dy eps 1.0e-6 : (tensor<2x8x64xf32>, tensor<2x8x64xf32>) -> tensor<64xf32>
    ```
  }];
}

def Rondo_RmsNormGradBlocksOp : Rondo_NormGradBlocksOp<"rms_norm_grad_blocks"> {
  let summary = "partial sums of rms_norm_grad_weight";
  let description = [{
    One sum `[last dimension]` per block of positions, as of `sum_rows_blocks`: `[P, last dimension]`.

    Constraints: NG1 the shapes above. NG2 `eps` >= 0.

    Example:
    ```mlir
    %p = rondo.rms_norm_grad_blocks %x, %dy eps 1.0e-6 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>) -> tensor<2x64xf32>
    ```
  }];
}

def Rondo_LayerNormGradOp : Rondo_NormGradOp<"layer_norm_grad"> {
  let summary = "gradient of layer_norm by its input";
  let description = [{
    With c = x - mean(x), r = 1 / sqrt(mean(c^2) + eps), g = dy * weight and h = g - mean(g): dx = r h - r^3 c mean(c h), over the
    last dimension.
    `x` and `dy` have one shape; `weight` is `[last dimension]` or absent (ones).

    Constraints: NG1 the shapes above. NG2 `eps` >= 0.

    Example:
    ```mlir
    %dx = rondo.layer_norm_grad %x, %dy, %w eps 1.0e-5
        : (tensor<2x8x64xf32>, tensor<2x8x64xf32>, tensor<64xf32>) -> tensor<2x8x64xf32>
    ```
  }];
}

def Rondo_LayerNormGradWeightOp : Rondo_NormGradWeightOp<"layer_norm_grad_weight"> {
  let summary = "gradient of layer_norm by its weight";
  let description = [{
    dw[j] = sum over all rows of dy[row, j] c[row, j] / sqrt(mean(c[row]^2) + eps) with c = x - mean(x); a row is one run of
    the last dimension, so heads count as rows. `x` and `dy` have one shape -> `[last dimension]`. In kernels it is `layer_norm_grad_blocks` and `sum_blocks`.

    Constraints: NG1 the shapes above. NG2 `eps` >= 0.

    Example:
    ```mlir
    %dw = rondo.layer_norm_grad_weight %x, %dy eps 1.0e-5 : (tensor<2x8x64xf32>, tensor<2x8x64xf32>) -> tensor<64xf32>
    ```
  }];
}

def Rondo_LayerNormGradBlocksOp : Rondo_NormGradBlocksOp<"layer_norm_grad_blocks"> {
  let summary = "partial sums of layer_norm_grad_weight";
  let description = [{
    One sum `[last dimension]` per block of positions, as of `sum_rows_blocks`: `[P, last dimension]`.

    Constraints: NG1 the shapes above. NG2 `eps` >= 0.

    Example:
    ```mlir
    %p = rondo.layer_norm_grad_blocks %x, %dy eps 1.0e-5 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>) -> tensor<2x64xf32>
    ```
  }];
}

def Rondo_SumRowsOp : Rondo_ParameterGradOp<"sum_rows", [DeclareOpInterfaceMethods<Rondo_KernelSequenceOpInterface>]> {
  let summary = "gradient of add_bias by its bias: the sum of all rows";
  let description = [{
    db[j] = sum over all rows of dy[row, j]; a row is one run of the last dimension, so heads count as rows. In kernels it is
    `sum_rows_blocks` and `sum_blocks`.

    Constraints: SR1 `dy` is a sequence tensor with a width.

    Example:
    ```mlir
    %db = rondo.sum_rows %dy : (tensor<2x8x64xf32>) -> tensor<64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$dy);
  let results = (outs AnyRankedTensor:$db);
  let assemblyFormat = "$dy attr-dict `:` functional-type(operands, results)";
}

def Rondo_SumRowsBlocksOp : Rondo_NnOp<"sum_rows_blocks", [DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "partial sums of sum_rows";
  let description = [{
    The R = B * T positions are cut into P = ceil(R / b) blocks of b = max(64, ceil(R / 64)), the last one shorter; the result `[P, last
    dimension]` holds the sum of each.

    Constraints: SR1 `dy` is a sequence tensor with a width.

    Example:
    ```mlir
    %p = rondo.sum_rows_blocks %dy : (tensor<2x40x64xf32>) -> tensor<2x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$dy);
  let results = (outs AnyRankedTensor:$sums);
  let assemblyFormat = "$dy attr-dict `:` functional-type(operands, results)";
}

def Rondo_SumBlocksOp : Rondo_ParameterGradOp<"sum_blocks", [DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "sum of partial sums";
  let description = [{
    `sums` `[P, D]` -> `[D]`, blocks in ascending order.

    Constraints: SB1 the shapes above.

    Example:
    ```mlir
    %dw = rondo.sum_blocks %p : (tensor<2x64xf32>) -> tensor<64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$sums);
  let results = (outs AnyRankedTensor:$sum);
  let assemblyFormat = "$sums attr-dict `:` functional-type(operands, results)";
}

def Rondo_ActivationGradOp : Rondo_PointwiseOp<"activation_grad"> {
  let summary = "gradient of activation: dx = f'(x) dy";
  let description = [{
    `x` is the activation's input, of dy's shape. relu'(0) = 0.

    Constraints: A1 both are sequence tensors of one shape.

    Example:
    ```mlir
    %dx = rondo.activation_grad silu %x, %dy : (tensor<2x8x64xf32>, tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
    ```
  }];
  let arguments = (ins Rondo_ActivationAttr:$kind, AnyRankedTensor:$x, AnyRankedTensor:$dy);
  let results = (outs AnyRankedTensor:$dx);
  let assemblyFormat = "$kind $x `,` $dy attr-dict `:` functional-type(operands, results)";
}

def Rondo_SumHeadsOp : Rondo_NnOp<"sum_heads", [DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "sums of consecutive heads: the gradient of a head that several heads shared";
  let description = [{
    `x` `[B, T, H, d]` -> `[B, T, heads, d]`, head i being the sum of heads i H / heads to (i + 1) H / heads - 1.

    Constraints: SH1 `x` is `[B, T, H, d]`; `heads` divides H.

    Example:
    ```mlir
    %y = rondo.sum_heads %x to 2 : (tensor<2x8x4x16xf32>) -> tensor<2x8x2x16xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, I64Attr:$heads);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x `to` $heads attr-dict `:` functional-type(operands, results)";
}

def Rondo_SegmentStartsOp : Rondo_NnOp<"segment_starts", [DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "where packed documents begin";
  let description = [{
    reset[b, t] = 1 where t > 0 and segments[b, t] != segments[b, t - 1], else 0. `segments` i32 `[B, T]` -> i8 `[B, T]`. The
    first position continues what the state holds.

    Constraints: SS1 the shapes above.

    Example:
    ```mlir
    %reset = rondo.segment_starts %segments : (tensor<2x8xi32>) -> tensor<2x8xi8>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$segments);
  let results = (outs AnyRankedTensor:$reset);
  let assemblyFormat = "$segments attr-dict `:` functional-type(operands, results)";
}

#endif
