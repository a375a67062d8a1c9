// Scores of targets under a model's distribution over its vocabulary.
#ifndef RONDO_DIALECTS_RONDO_LOSS_LOSSOPS_TD
#define RONDO_DIALECTS_RONDO_LOSS_LOSSOPS_TD

include "dialects/rondo/RondoAttrs.td"
include "dialects/rondo/interfaces/CostOpInterface.td"
include "dialects/rondo/interfaces/TileOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rondo_LinearLogProbOp : Rondo_Op<"linear_log_prob", [Pure, InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>,
    DeclareOpInterfaceMethods<Rondo_TileRootOpInterface, ["getPanelOperands"]>]> {
  let summary = "log-probability of each target under softmax(x W^T), streamed over the vocabulary";
  let description = [{
    `x` `[B, T, K]`, `weight` `[V, K]`, `targets` i32 `[B, T]` -> `log_prob` f32 `[B, T]`:

        log_prob = x . W[target] - log sum_v exp(x . W[v])

    in one pass with a running maximum, so `[B, T, V]` never exists.

    Constraints: G1 the shapes above.

    Example:
    ```mlir
    %lp = rondo.linear_log_prob %x, %w, %targets : (tensor<2x8x64xf32>, tensor<97x64xf32>, tensor<2x8xi32>) -> tensor<2x8xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$weight, AnyRankedTensor:$targets);
  let results = (outs AnyRankedTensor:$log_prob);
  let assemblyFormat = "$x `,` $weight `,` $targets attr-dict `:` functional-type(operands, results)";
}

#endif
