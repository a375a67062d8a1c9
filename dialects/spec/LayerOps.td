// The layers that a model is made of, all in one grammar.
#ifndef RONDO_DIALECTS_SPEC_LAYEROPS_TD
#define RONDO_DIALECTS_SPEC_LAYEROPS_TD

include "dialects/spec/SpecDialect.td"
include "dialects/spec/LayerOpInterface.td"

defvar Spec_Layer = DeclareOpInterfaceMethods<Spec_LayerOpInterface, ["getSignature"]>;

// `instance` is the block instance that an op belongs to ("layers.3"), once blocks are unrolled.
class Spec_LayerOp<string mnemonic> : Spec_Op<mnemonic, [Spec_Layer]> {
  let arguments = (ins Variadic<Spec_Value>:$operands, Spec_ClausesAttr:$clauses, OptionalAttr<StrAttr>:$instance);
  let results = (outs Variadic<Spec_Value>:$results);
  let assemblyFormat = "custom<Layer>($operands, $clauses, type($results)) attr-dict";
}

def Spec_EmbeddingOp : Spec_LayerOp<"embedding"> {
  let summary = "row lookup: y[b, t] = W[tokens[b, t]]";
  let description = [{
    `tokens` `[B, T]` below N; `weight` `[N, to]` -> `[B, T, to]`. Initial values: normal(1 / sqrt(to)) unless stated.

    Example:
    ```mlir
    %e = spec.embedding %tokens to(@width) weight("embed_tokens.weight", normal(rsqrt(@width))) scale(sqrt(@width))
    ```
  }];
}

def Spec_LinearOp : Spec_LayerOp<"linear"> {
  let summary = "y = x W^T + b";
  let description = [{
    `x` `[B, T, K]` or `[B, T, H, d]` with H * d = K; `weight` `[to, K]` -> `[B, T, to]`. `to` is K unless stated. With
    `heads(H)` the result is `[B, T, H, to / H]`. `bias` `[to]` is added to the product; without it there is none. Initial values of
    both: kaiming (uniform within 1 / sqrt(K)) unless stated. Then come `act`, `scale` and `residual`, in this order. `alias` is the
    weight's.

    Example:
    ```mlir
    %q = spec.linear %n heads(@heads) weight("retention.q_proj.weight", xavier(gain = pow(2, -2.5)))
    ```
  }];
}

def Spec_RmsNormOp : Spec_LayerOp<"rms_norm"> {
  let summary = "y = x / sqrt(mean(x^2) + eps) * W over the last dimension";
  let description = [{
    On `[B, T, H, d]` each head is normed by itself and `weight` is `[d]`; with `joined` the heads are joined to one row first, and the
    result is `[B, T, H * d]`. Without `weight` there is no factor. `eps` is 1e-6 unless stated. Initial values: ones. Source: arXiv 1910.07467.

    Example:
    ```mlir
    %n = spec.rms_norm %x eps(@eps) weight("layer_norm.weight")
    ```
  }];
}

def Spec_LayerNormOp : Spec_LayerOp<"layer_norm"> {
  let summary = "y = (x - mean(x)) / sqrt(var(x) + eps) * W + b over the last dimension";
  let description = [{
    On `[B, T, H, d]` each head is normed by itself, and `weight` and `bias` are `[d]`; with `joined` the heads are joined to one row
    first, and the result is `[B, T, H * d]`. Without `weight` there is no factor, without
    `bias` nothing is added. `eps` is 1e-5 unless stated. Initial values: ones, and zeros for the bias. `alias` is the weight's.
    Source: arXiv 1607.06450.

    Example:
    ```mlir
    %n = spec.layer_norm %x eps(@eps) weight("layer_norm.weight") bias("layer_norm.bias")
    ```
  }];
}

def Spec_PositionsOp : Spec_LayerOp<"positions"> {
  let summary = "absolute positions of a sequence, from 0";
  let description = [{
    The operand is any value of the sequence. With `reset(%doc)` the count restarts where the flag is 1.

    Example:
    ```mlir
    %pos = spec.positions %tokens reset(%doc)
    ```
  }];
}

def Spec_RotaryOp : Spec_LayerOp<"rotary"> {
  let summary = "rotation of lane pairs by position times theta";
  let description = [{
    Each operand `[B, T, H, d]` gives one result. Pair i of the d / 2 pairs turns by position * theta(i):

        theta(linspace)   10000^(-i / (d/2 - 1)): torchscale's RetNet
        theta(standard)   10000^(-2 i / d): RoPE (arXiv 2104.09864)
        theta(E)          an expression in `pair` (i) and `dim` (d)

    Another base than 10000 is `theta(standard, base = E)`. `pairs(interleaved)` are lanes (2i, 2i+1), `pairs(halves)`
    (i, i + d/2). Without `at(%pos)` positions count from the start of the sequence.

    Example:
    ```mlir
    %qr, %kr = spec.rotary %q, %k at(%pos) theta(linspace) pairs(interleaved)
    ```
  }];
}

def Spec_RetentionOp : Spec_LayerOp<"retention"> {
  let summary = "retention: S_t = g S_{t-1} + k_t v_t^T, o_t = S_t^T q_t per head";
  let description = [{
    q, k `[B, T, H, Dk]`, v `[B, T, H, Dv]` -> `[B, T, H, Dv]`; head counts may differ where one divides the other. The decay is
    a constant per head, `decay(E)` in `head` or `decay([a, b, ...])`, or its logarithm per token and head,
    `log_decay(%g)` `[B, T, H]`. `reset(%doc)` empties the state where a document starts. `scale(E)` multiplies k.
    `row_scale(torchscale_recurrent)` and `row_scale(torchscale_parallel)` imitate torchscale's scaling of rows.
    Source: arXiv 2307.08621, eq. 1 to 7.

    Example:
    ```mlir
    %o = spec.retention %q, %k, %v decay(1 - pow(2, -5 - head)) scale(rsqrt(@width / @heads))
    ```
  }];
}

def Spec_DilatedAttentionOp : Spec_LayerOp<"dilated_attention"> {
  let summary = "attention over segments with strides: one softmax over the keys of all patterns";
  let description = [{
    q `[B, T, H, D]`, k `[B, T, G, D]`, v `[B, T, G, Dv]` -> `[B, T, H, Dv]`, G divides H. Pattern p cuts the sequence into segments of
    `segments` tokens, and in each a head sees every `ratios`-th token, from its own offset on: `offsets(blocks)` floor(h / ceil(H / r)) as
    torchscale has it, `offsets(modulo)` h mod r as the paper. Both are lists, or expressions in `pattern` with `patterns(COUNT)`. A key counts once for
    every pattern that shows it to a query; a query that no pattern covers gets 0. `scale(E)` multiplies scores (1 unless stated).
    `lane_decay(E)` in `pair` and `dim` is xPos's length scale: lanes 2 i and 2 i + 1 of a score shrink by E per token between query and
    key. `bidirectional` lets queries see keys after them; then the model has no prefill or decode. A second result, if named, is the log-sum-exp `[B, T, H]`.
    `at(%pos)` are positions in which documents begin at 0. `frozen_mixture` holds the patterns' weights constant in the derivative, as torchscale does.
    Source: arXiv 2307.02486, eq. 6 to 10; xPos: arXiv 2212.10554.

    Example:
    ```mlir
    %o = spec.dilated_attention %q, %k, %v segments([2048, 4096, 8192]) ratios(pow(2, pattern)) scale(rsqrt(@width / @heads))
    ```
  }];
}

def Spec_AttentionOp : Spec_LayerOp<"attention"> {
  let summary = "attention over all tokens so far, or over all there are";
  let description = [{
    q `[B, T, H, D]`, k `[B, T, G, D]`, v `[B, T, G, Dv]` -> `[B, T, H, Dv]`, G divides H: softmax over the keys up to the query's own, or with
    `bidirectional` over all. `capacity(COUNT)`, which all but `bidirectional` attention needs, is how many positions the cache of a
    sequence holds: it grows with every token, where those of `spec.dilated_attention` and the state of
    `spec.retention` do not. `scale(E)`, `lane_decay(E)`, `at(%pos)` and the second result are as in `spec.dilated_attention`.
    Source: arXiv 1706.03762.

    Example:
    ```mlir
    %o = spec.attention %q, %k, %v capacity(@context) scale(rsqrt(@width / @heads))
    ```
  }];
}

def Spec_AddOp : Spec_LayerOp<"add"> {
  let summary = "elementwise sum of two values of one shape";
  let description = [{
    Example:
    ```mlir
    %y = spec.add %a, %b
    ```
  }];
}

def Spec_MulOp : Spec_LayerOp<"mul"> {
  let summary = "elementwise product of two values of one shape";
  let description = [{
    Example:
    ```mlir
    %y = spec.mul %gate, %o
    ```
  }];
}

def Spec_ActivationOp : Spec_LayerOp<"activation"> {
  let summary = "pointwise non-linearity";
  let description = [{
    `act` is silu, gelu (exact), relu, sigmoid or tanh.

    Example:
    ```mlir
    %y = spec.activation %x act(gelu)
    ```
  }];
}

def Spec_ScaleOp : Spec_LayerOp<"scale"> {
  let summary = "y = E * x";
  let description = [{
    Example:
    ```mlir
    %y = spec.scale %x scale(rsqrt(@width))
    ```
  }];
}

def Spec_ExternKernelOp : Spec_LayerOp<"extern_kernel"> {
  let summary = "a kernel that Triton compiled, for NVIDIA GPUs";
  let description = [{
    `file` is the metadata that Triton leaves in its cache, with the PTX of the same name and, perhaps, the cubin beside it; it lies in or below
    the spec's folder. `args` are the kernel's arguments in order, without those that Triton made constants: values, `result`, and
    numbers, which may be sums and multiples of `rows`, `batch` and `time` (rows = batch * time), divided by `floordiv`, or reals. `grid` has the
    grid's one to three extents, in the same words. The result is f32 `[B, T, to]`, with `heads(COUNT)` `[B, T, heads, to / heads]`,
    and without `to` as wide as the first value.

    Values are row-major and 64-byte aligned. What the kernel writes to a row of the result must depend on the same row of the values
    alone: it runs in every entry point, on however many rows that one has. It has no derivative.

    Example:
    ```mlir
    %y = spec.extern_kernel file("gate.json") args(%x, %g, result, rows * @width) grid((rows * @width + 511) floordiv 512)
    ```
  }];
}

def Spec_DropoutOp : Spec_LayerOp<"dropout"> {
  let summary = "in training: elements become 0 at random, the others x / (1 - rate)";
  let description = [{
    Each element is dropped with probability `rate`, 0 <= rate < 1. What is dropped follows from the seed, the step and the place of the
    op in the model; outside of training, and where the rate is 0, y = x. Then comes `residual`. Source: Srivastava et al., "Dropout", 2014.

    Example:
    ```mlir
    %y = spec.dropout %o rate(@dropout) residual(%x)
    ```
  }];
}

#endif
