// Scores of targets under a model's distribution over its vocabulary.
#ifndef RONDO_DIALECTS_RONDO_LOSS_LOSSOPS_TD
#define RONDO_DIALECTS_RONDO_LOSS_LOSSOPS_TD

include "dialects/rondo/RondoAttrs.td"
include "dialects/rondo/interfaces/CostOpInterface.td"
include "dialects/rondo/interfaces/DerivativeOpInterface.td"
include "dialects/rondo/interfaces/TileOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rondo_LinearLogProbOp : Rondo_Op<"linear_log_prob", [Pure, InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<Rondo_DerivativeOpInterface, ["whyNoDerivative"]>,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>,
    DeclareOpInterfaceMethods<Rondo_TileRootOpInterface, ["getPanelOperands"]>]> {
  let summary = "log-probability of each target under softmax(x W^T), streamed over the vocabulary";
  let description = [{
    `x` `[B, T, K]`, `weight` `[V, K]`, `targets` i32 `[B, T]` -> `log_prob` and `log_sum_exp`, f32 `[B, T]`:

        log_sum_exp = log sum_v exp(x . W[v])          log_prob = x . W[target] - log_sum_exp

    in one pass with a running maximum, so `[B, T, V]` never exists. A target of -1 is ignored: its log_prob is 0.

    Constraints: G1 the shapes above.

    Example:
    ```mlir
    %lp, %lse = rondo.linear_log_prob %x, %w, %targets
        : (tensor<2x8x64xf32>, tensor<97x64xf32>, tensor<2x8xi32>) -> (tensor<2x8xf32>, tensor<2x8xf32>)
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$weight, AnyRankedTensor:$targets);
  let results = (outs AnyRankedTensor:$log_prob, AnyRankedTensor:$log_sum_exp);
  let assemblyFormat = "$x `,` $weight `,` $targets attr-dict `:` functional-type(operands, results)";
}

class Rondo_LinearLogProbGradOp<string mnemonic> : Rondo_Op<mnemonic, [Pure, InferTypeOpAdaptorWithIsCompatible,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>,
    DeclareOpInterfaceMethods<Rondo_TileRootOpInterface, ["getPanelOperands"]>]> {
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$weight, AnyRankedTensor:$targets,
      AnyRankedTensor:$log_sum_exp, AnyRankedTensor:$d_log_prob);
  let assemblyFormat = [{
    $x `,` $weight `,` $targets `,` $log_sum_exp `,` $d_log_prob attr-dict `:` functional-type(operands, results)
  }];
}

def Rondo_LinearLogProbGradInputOp : Rondo_LinearLogProbGradOp<"linear_log_prob_grad_input"> {
  let summary = "gradient of linear_log_prob by x, streamed over the vocabulary";
  let description = [{
    With p_v = exp(x . W[v] - log_sum_exp) and d = `d_log_prob` (0 where the target is -1): dx = d (W[target] - sum_v p_v W[v]).

    Constraints: G2 the shapes of `linear_log_prob`; `log_sum_exp` and `d_log_prob` f32 `[B, T]`.

    Example:
    ```mlir
    %dx = rondo.linear_log_prob_grad_input %x, %w, %targets, %lse, %d
        : (tensor<2x8x64xf32>, tensor<97x64xf32>, tensor<2x8xi32>, tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8x64xf32>
    ```
  }];
  let results = (outs AnyRankedTensor:$dx);
}

def Rondo_LinearLogProbGradWeightOp : Rondo_LinearLogProbGradOp<"linear_log_prob_grad_weight"> {
  let summary = "gradient of linear_log_prob by its weight, streamed over the rows";
  let description = [{
    With p_v and d as in `linear_log_prob_grad_input`: dW[v] = sum over rows of d ([target = v] - p_v) x.

    Constraints: G2 the shapes of `linear_log_prob`; `log_sum_exp` and `d_log_prob` f32 `[B, T]`.

    Example:
    ```mlir
    %dw = rondo.linear_log_prob_grad_weight %x, %w, %targets, %lse, %d
        : (tensor<2x8x64xf32>, tensor<97x64xf32>, tensor<2x8xi32>, tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<97x64xf32>
    ```
  }];
  let results = (outs AnyRankedTensor:$dw);
}

def Rondo_MeanLossOp : Rondo_Op<"mean_loss", [Pure, InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<Rondo_LossOpInterface>,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>, DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "weighted mean of negative log-probabilities";
  let description = [{
    With w = `loss_weight`, taken as 0 where the target is -1: `weight_sum` = sum w, `loss` = - sum w log_prob / weight_sum, both f32
    scalars; `loss` is 0 where weight_sum is 0; where w is 0, log_prob does not count, whatever it is. `log_prob`, `loss_weight` f32 `[B, T]`, `targets` i32 `[B, T]`. The order of the sums
    depends on B and T only.

    Constraints: ML1 the shapes above.

    Example:
    ```mlir
    %loss, %sum = rondo.mean_loss %lp, %targets, %w
        : (tensor<2x8xf32>, tensor<2x8xi32>, tensor<2x8xf32>) -> (tensor<f32>, tensor<f32>)
    ```
  }];
  let arguments = (ins AnyRankedTensor:$log_prob, AnyRankedTensor:$targets, AnyRankedTensor:$loss_weight);
  let results = (outs AnyRankedTensor:$loss, AnyRankedTensor:$weight_sum);
  let assemblyFormat = "$log_prob `,` $targets `,` $loss_weight attr-dict `:` functional-type(operands, results)";
}

def Rondo_MeanLossGradOp : Rondo_Op<"mean_loss_grad", [Pure, InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>, DeclareOpInterfaceMethods<Rondo_PointwiseTileOpInterface>]> {
  let summary = "gradient of mean_loss by log_prob";
  let description = [{
    d_log_prob = - d_loss w / weight_sum (0 where weight_sum is 0), w as in `mean_loss`; `d_loss` is an f32 scalar, absent: 1. With
    d_loss = weight_sum it is the gradient of the sum, which micro-batches add up.

    Constraints: ML2 the shapes of `mean_loss`.

    Example:
    ```mlir
    %d = rondo.mean_loss_grad %targets, %w, %sum : (tensor<2x8xi32>, tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$targets, AnyRankedTensor:$loss_weight, AnyRankedTensor:$weight_sum,
      Optional<AnyRankedTensor>:$d_loss);
  let results = (outs AnyRankedTensor:$d_log_prob);
  let assemblyFormat = [{
    $targets `,` $loss_weight `,` $weight_sum (`,` $d_loss^)? attr-dict `:` functional-type(operands, results)
  }];
}

#endif
