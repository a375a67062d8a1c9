// The optimiser inside the compiled step: tensors that live beside the parameters, and the ops that change them in place.
// Gradients, moments and parameters share one storage layout, and these ops work on the storage elementwise.
#ifndef RONDO_DIALECTS_RONDO_OPTIMIZER_OPTIMIZEROPS_TD
#define RONDO_DIALECTS_RONDO_OPTIMIZER_OPTIMIZEROPS_TD

include "dialects/rondo/RondoAttrs.td"
include "dialects/rondo/interfaces/CostOpInterface.td"
include "dialects/rondo/interfaces/MemoryOpInterface.td"
include "dialects/rondo/interfaces/TileOpInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rondo_OptimizerStateOp : Rondo_Op<"optimizer_state", [Symbol]> {
  let summary = "a tensor that the optimiser keeps beside a parameter";
  let description = [{
    All zeros before the first step. With `of` it has the parameter's shape and storage layout: moments, and the gradient that
    micro-batches add up; without, it is an f32 scalar, the weights of the micro-batches added up. Element type f32.

    Example:
    ```mlir
    rondo.weight @ffn.fc1.weight : tensor<128x64xf32> init #rondo.init<uniform, 0.125>
    rondo.optimizer_state @adam.m.ffn.fc1.weight first_moment of @ffn.fc1.weight : tensor<128x64xf32>
    rondo.optimizer_state @accumulated.loss_weight loss_weight : tensor<f32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Rondo_OptimizerRoleAttr:$role, OptionalAttr<FlatSymbolRefAttr>:$weight,
      TypeAttrOf<AnyRankedTensor>:$type);
  let assemblyFormat = "$sym_name $role (`of` $weight^)? `:` $type attr-dict";
}

def Rondo_ReadOptimizerStateOp : Rondo_Op<"read_optimizer_state", [MemoryEffects<[MemRead]>, DeclareOpInterfaceMethods<Rondo_MemoryOpInterface, ["getReadSymbols"]>,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "an optimiser tensor as a value";
  let description = [{
    Constraints: OS1 `state` names a `rondo.optimizer_state` of the value's type (layouts aside).

    Example:
    ```mlir
    rondo.optimizer_state @accumulated.loss_weight loss_weight : tensor<f32>
    %w = rondo.read_optimizer_state @accumulated.loss_weight : tensor<f32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$state);
  let results = (outs AnyRankedTensor:$value);
  let assemblyFormat = "$state attr-dict `:` type($value)";
}

def Rondo_AccumulateOp : Rondo_Op<"accumulate", [MemoryEffects<[MemRead, MemWrite]>,
    DeclareOpInterfaceMethods<Rondo_MemoryOpInterface, ["getReadSymbols", "getWrittenSymbols"]>,
    DeclareOpInterfaceMethods<Rondo_TileRootOpInterface, ["worksOnStorage"]>,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>, DeclareOpInterfaceMethods<Rondo_CostOpInterface>]> {
  let summary = "state += value";
  let description = [{
    Constraints: OS1 `state` names a `rondo.optimizer_state` of the value's type (layouts aside).

    Example:
    ```mlir
    rondo.optimizer_state @accumulated.loss_weight loss_weight : tensor<f32>
    rondo.accumulate %w into @accumulated.loss_weight : tensor<f32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$value, FlatSymbolRefAttr:$state);
  let assemblyFormat = "$value `into` $state attr-dict `:` type($value)";
}

def Rondo_ClearOptimizerStateOp : Rondo_Op<"clear_optimizer_state", [MemoryEffects<[MemWrite]>,
    DeclareOpInterfaceMethods<Rondo_MemoryOpInterface, ["getWrittenSymbols"]>,
    DeclareOpInterfaceMethods<Rondo_TileRootOpInterface, ["worksOnStorage"]>,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "state = 0, after everything that reads it";
  let description = [{
    Constraints: OS1 `state` names a `rondo.optimizer_state`.

    Example:
    ```mlir
    rondo.optimizer_state @accumulated.loss_weight loss_weight : tensor<f32>
    rondo.clear_optimizer_state @accumulated.loss_weight
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$state);
  let assemblyFormat = "$state attr-dict";
}

def Rondo_AddGradientsOp : Rondo_Op<"add_gradients", [Pure, SameOperandsAndResultType,
    DeclareOpInterfaceMethods<Rondo_TileRootOpInterface, ["worksOnStorage"]>,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>]> {
  let summary = "sum of two gradients of one parameter (tied weights)";
  let description = [{
    Elementwise on parameter-shaped tensors.

    Example:
    ```mlir
    %g = rondo.add_gradients %a, %b : tensor<97x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$lhs, AnyRankedTensor:$rhs);
  let results = (outs AnyRankedTensor:$sum);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($sum)";
}

def Rondo_SquareSumOp : Rondo_Op<"square_sum", [Pure, InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<Rondo_TileRootOpInterface, ["worksOnStorage"]>,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>]> {
  let summary = "partial sums of the squares of a gradient";
  let description = [{
    The gradient's storage is cut into P = clamp(ceil(elements / 16384), 1, 256) equal parts, the last one shorter; the result
    f32 `[P]` holds the sum of squares of each.

    Constraints: SQ1 the result is `[P]`.

    Example:
    ```mlir
    %p = rondo.square_sum %g : (tensor<512x64xf32>) -> tensor<2xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$gradient);
  let results = (outs AnyRankedTensor:$sums);
  let assemblyFormat = "$gradient attr-dict `:` functional-type(operands, results)";
}

def Rondo_AdamRatesOp : Rondo_Op<"adam_rates", [Pure, InferTypeOpAdaptor, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>]> {
  let summary = "what one step multiplies with: global norm, clipping, bias correction";
  let description = [{
    From the `square_sum` of every gradient and the run-time scalars of the step:

        s    = 1 / divisor (absent: 1; 0 where divisor is 0)         norm = s sqrt(sum of all sums)
        clip_factor = min(1, clip / norm), 1 where clip is 0         apply = 1 if norm is finite, else 0
        c_i  = 1 - beta_i^(step + 1)

    `norm` is an f32 scalar, the gradient's global norm before clipping. `rates` f32 `[8]` holds: 0 apply, 1 the factor of the
    gradient s clip_factor, 2 beta1, 3 beta2, 4 epsilon, 5 learning_rate / c_1, 6 1 / c_2, 7 learning_rate weight_decay. `step` is an i64
    scalar counted from 0, the others are f32 scalars.

    Constraints: AR1 `step` i64 scalar, all other scalars f32 `[]`, sums f32 `[P]`.

    Example:
    ```mlir
    %norm, %rates = rondo.adam_rates step %step rate %lr decay %wd clip %clip beta1 %b1 beta2 %b2 epsilon %eps sums(%p, %r)
        : (tensor<i64>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<2xf32>, tensor<1xf32>)
        -> (tensor<f32>, tensor<8xf32>)
    ```
  }];
  let arguments = (ins AnyRankedTensor:$step, AnyRankedTensor:$learning_rate, AnyRankedTensor:$weight_decay,
      AnyRankedTensor:$clip, AnyRankedTensor:$beta1, AnyRankedTensor:$beta2, AnyRankedTensor:$epsilon,
      Optional<AnyRankedTensor>:$divisor, Variadic<AnyRankedTensor>:$sums);
  let results = (outs AnyRankedTensor:$norm, AnyRankedTensor:$rates);
  let assemblyFormat = [{
    `step` $step `rate` $learning_rate `decay` $weight_decay `clip` $clip `beta1` $beta1 `beta2` $beta2 `epsilon` $epsilon
    (`divisor` $divisor^)? `sums` `(` $sums `)` attr-dict `:` functional-type(operands, results)
  }];
}

def Rondo_AdamWOp : Rondo_Op<"adamw", [MemoryEffects<[MemRead, MemWrite]>,
    DeclareOpInterfaceMethods<Rondo_MemoryOpInterface, ["getReadSymbols", "getWrittenSymbols"]>,
    DeclareOpInterfaceMethods<Rondo_TileRootOpInterface, ["worksOnStorage"]>,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>, DeclareOpInterfaceMethods<Rondo_CostOpInterface>]> {
  let summary = "one AdamW step of one parameter, in place";
  let description = [{
    With g = factor * gradient and `rates` as `adam_rates` gives them, where apply is 1:

        m = beta1 m + (1 - beta1) g          v = beta2 v + (1 - beta2) g^2
        w = w - (learning_rate weight_decay) w [if `decay`] - (learning_rate / c_1) m / (sqrt(v / c_2) + epsilon)

    and nothing changes where it is 0. The entry point's other ops read the parameter before it changes.
    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (arXiv 1711.05101), algorithm 2.

    Constraints: AW1 `weight` names a `rondo.weight`, `m` and `v` optimiser states of it, all of the gradient's shape; `rates` is f32 `[8]`.

    Example:
    ```mlir
    rondo.weight @ffn.fc1.weight : tensor<128x64xf32> init #rondo.init<uniform, 0.125>
    rondo.optimizer_state @adam.m.ffn.fc1.weight first_moment of @ffn.fc1.weight : tensor<128x64xf32>
    rondo.optimizer_state @adam.v.ffn.fc1.weight second_moment of @ffn.fc1.weight : tensor<128x64xf32>
    rondo.adamw %g, %rates @ffn.fc1.weight m @adam.m.ffn.fc1.weight v @adam.v.ffn.fc1.weight decay : tensor<128x64xf32>, tensor<8xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$gradient, AnyRankedTensor:$rates, FlatSymbolRefAttr:$weight, FlatSymbolRefAttr:$m,
      FlatSymbolRefAttr:$v, UnitAttr:$decay);
  let assemblyFormat = [{
    $gradient `,` $rates $weight `m` $m `v` $v (`decay` $decay^)? attr-dict `:` type($gradient) `,` type($rates)
  }];
}

#endif
