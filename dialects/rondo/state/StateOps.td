// States of entry points: declarations, and reads and writes by slot.
#ifndef RONDO_DIALECTS_RONDO_STATE_STATEOPS_TD
#define RONDO_DIALECTS_RONDO_STATE_STATEOPS_TD

include "dialects/rondo/RondoAttrs.td"
include "dialects/rondo/interfaces/CostOpInterface.td"
include "dialects/rondo/interfaces/MemoryOpInterface.td"
include "dialects/rondo/interfaces/TileOpInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rondo_StateOp : Rondo_Op<"state", [Symbol]> {
  let summary = "a state pool";
  let description = [{
    Declares `[slots, slot shape]`, `slots` being the entry point's. The symbol is the name in state files.

    Example:
    ```mlir
    rondo.state @state.layers.0.retention carried : tensor<4x16x32xf32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Rondo_StateKindAttr:$kind, TypeAttrOf<AnyRankedTensor>:$slot_type);
  let assemblyFormat = "$sym_name $kind `:` $slot_type attr-dict";
}

def Rondo_ReadStateOp : Rondo_Op<"read_state", [MemoryEffects<[MemRead]>, DeclareOpInterfaceMethods<Rondo_MemoryOpInterface, ["getReadSymbols"]>,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the states of the slots in use: y[b] = pool[slot[b]]";
  let description = [{
    `slot` i32 `[B]`, distinct values below the entry point's slot count (the runtime has checked).

    Constraints: S1 `state` names a `rondo.state`; the value is `[B, slot shape]` of its type. S2 `slot` is i32 `[B]`.

    Example:
    ```mlir
    rondo.state @state.layers.0.retention carried : tensor<4x16x32xf32>
    %s = rondo.read_state @state.layers.0.retention[%slot] : (tensor<2xi32>) -> tensor<2x4x16x32xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$state, AnyRankedTensor:$slot);
  let results = (outs AnyRankedTensor:$value);
  let assemblyFormat = "$state `[` $slot `]` attr-dict `:` functional-type(operands, results)";
}

def Rondo_WriteStateOp : Rondo_Op<"write_state", [MemoryEffects<[MemWrite]>, DeclareOpInterfaceMethods<Rondo_MemoryOpInterface, ["getWrittenSymbols"]>,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "pool[slot[b]] = value[b]";
  let description = [{
    Every read of the same state in an entry point stands before its write.

    Constraints: S1 and S2 of `read_state`.

    Example:
    ```mlir
    rondo.state @state.layers.0.retention carried : tensor<4x16x32xf32>
    rondo.write_state %s, @state.layers.0.retention[%slot] : tensor<2x4x16x32xf32>, tensor<2xi32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$value, FlatSymbolRefAttr:$state, AnyRankedTensor:$slot);
  let assemblyFormat = "$value `,` $state `[` $slot `]` attr-dict `:` type($value) `,` type($slot)";
}

def Rondo_CopyStateOp : Rondo_Op<"copy_state", [Pure, SameOperandsAndResultType,
    DeclareOpInterfaceMethods<Rondo_CostOpInterface>, DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "the states as they are now, kept while the pool changes";
  let description = [{
    y = x, in memory of its own: a backward pass still reads the states that the forward pass has replaced in the pool. `[B, ...]` of f32.

    Example:
    ```mlir
    %y = rondo.copy_state %x : tensor<2x4x16x32xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($y)";
}

#endif
