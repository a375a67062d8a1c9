// The frame of a graph: parameters, groups that become kernels, and the commands that run them.
#ifndef RONDO_DIALECTS_RONDO_GRAPH_GRAPHOPS_TD
#define RONDO_DIALECTS_RONDO_GRAPH_GRAPHOPS_TD

include "dialects/rondo/RondoAttrs.td"
include "dialects/rondo/interfaces/MemoryOpInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rondo_WeightOp : Rondo_Op<"weight", [Symbol]> {
  let summary = "a parameter, under its full name in checkpoints";
  let description = [{
    Two uses of one name are one parameter. `aliases` are other names that a checkpoint may use for it.

    Example:
    ```mlir
    rondo.weight @layers.0.ffn.fc1.weight : tensor<128x64xf32> init #rondo.init<uniform, 0.125> {weight_decay}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyRankedTensor>:$type, Rondo_InitAttr:$init,
      DefaultValuedAttr<Rondo_ParameterGroupAttr, "::rondo::ParameterGroup::Trainable">:$group,
      UnitAttr:$weight_decay, OptionalAttr<StrArrayAttr>:$aliases, OptionalAttr<Rondo_LayoutAttr>:$layout);
  let assemblyFormat = "$sym_name `:` $type `init` $init (`layout` $layout^)? attr-dict";
}

def Rondo_GetWeightOp : Rondo_Op<"get_weight", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<Rondo_MemoryOpInterface, ["getReadSymbols"]>]> {
  let summary = "a parameter as a value";
  let description = [{
    Constraints: K1 `weight` names a `rondo.weight` of the value's type.

    Example:
    ```mlir
    rondo.weight @layers.0.ffn.fc1.weight : tensor<128x64xf32> init #rondo.init<uniform, 0.125>
    %w = rondo.get_weight @layers.0.ffn.fc1.weight : tensor<128x64xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs AnyRankedTensor:$value);
  let assemblyFormat = "$weight attr-dict `:` type($value)";
}

def Rondo_GroupOp : Rondo_Op<"group", [IsolatedFromAbove, SingleBlock, RecursiveMemoryEffects]> {
  let summary = "ops that become one kernel";
  let description = [{
    The region's arguments are the operands; it holds at most one root op (`TileRootOpInterface`), pointwise ops around it,
    and the state reads and writes that belong to it, and ends with `rondo.yield`. Made by `rondo-form-groups`.

    Constraints: U1 the region's arguments have the operands' types. U2 the yielded values have the results' types. U3 at
    most one root. U4 one slice per result.

    Example:
    ```mlir
    %y = rondo.group(%x, %w, %r) : (tensor<2x8x64xf32>, tensor<64x64xf32>, tensor<2x8x64xf32>) -> tensor<2x8x64xf32> {
    ^bb0(%a: tensor<2x8x64xf32>, %b: tensor<64x64xf32>, %c: tensor<2x8x64xf32>):
      %0 = rondo.linear %a, %b : (tensor<2x8x64xf32>, tensor<64x64xf32>) -> tensor<2x8x64xf32>
      %1 = rondo.add %0, %c : (tensor<2x8x64xf32>, tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
      rondo.yield %1 : tensor<2x8x64xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs, OptionalAttr<DenseI64ArrayAttr>:$slices);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `(` $inputs `)` (`slices` $slices^)? `:` functional-type($inputs, $outputs) $body attr-dict
  }];
  let hasVerifier = 1;
}

def Rondo_YieldOp : Rondo_Op<"yield", [Pure, Terminator, HasParent<"::rondo::GroupOp">]> {
  let summary = "what a group makes visible";
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def Rondo_DispatchOp : Rondo_Op<"dispatch"> {
  let summary = "a command: one kernel over its workgroups";
  let description = [{
    Binds the arguments of `tile.kernel @kernel` in order. `bindings` holds per argument an integer i (operand i, or result
    i - #operands) or the symbol of a `rondo.state`, `rondo.weight`, `rondo.optimizer_state` or `rondo.table`. Made by `rondo-build-kernels`; `slices` are the
    results' arena offsets in bytes, -1 where a result is an output of the entry point. Operands that are block arguments
    are inputs, results of `rondo.get_weight` parameters, of `rondo.read_optimizer_state` optimiser states, results of other dispatches arena slices or outputs.

    Example: see test/passes/tile/build-kernels.mlir.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyRankedTensor>:$inputs, ArrayAttr:$bindings,
      DenseI64ArrayAttr:$slices, I64Attr:$flops, I64Attr:$bytes);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let assemblyFormat = [{
    $kernel `(` $inputs `)` `bindings` $bindings `slices` $slices `work` `(` $flops `,` $bytes `)` attr-dict
    `:` functional-type($inputs, $outputs)
  }];
}

def Rondo_TableOp : Rondo_Op<"table", [Symbol]> {
  let summary = "a read-only table that a kernel needs";
  let arguments = (ins SymbolNameAttr:$sym_name, ElementsAttr:$values);
  let assemblyFormat = "$sym_name $values attr-dict";
}

#endif
