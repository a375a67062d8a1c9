// Kernels that were compiled elsewhere, as ops of the graph.
#ifndef RONDO_DIALECTS_RONDO_EXTERN_EXTERNOPS_TD
#define RONDO_DIALECTS_RONDO_EXTERN_EXTERNOPS_TD

include "dialects/rondo/RondoDialect.td"
include "dialects/rondo/interfaces/CostOpInterface.td"
include "dialects/rondo/interfaces/TileOpInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rondo_ExternKernelOp : Rondo_Op<"extern_kernel", [Pure, InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>, DeclareOpInterfaceMethods<Rondo_CostOpInterface>,
    DeclareOpInterfaceMethods<Rondo_TileRootOpInterface, ["storesUnreadResults"]>]> {
  let summary = "one result from a kernel that Triton compiled";
  let description = [{
    `code` is a `tile.extern_code`. `arguments` are its parameters in order: an `index` attribute n is the address of input n, or of the
    result where n is the number of inputs; an affine map of (rows, batch, time), rows = batch * time, is an integer of the parameter's
    type; a number of type f64 is passed as the parameter's f32 or f64. `grid` has one to three results, the extents of the launch. The result
    is f32 `[B, T, dims...]`.

    The kernel must treat rows, positions of a batch row, alike and apart: what it writes to a row of the result depends on the same row of its
    inputs alone. So it stands in every entry point. It has no derivative, runs on NVIDIA GPUs only, and is the whole of a kernel: nothing
    is fused with it.

    Constraints: EK1 inputs are sequence tensors `[B, T, ...]` of one B and T. EK2 the result and each input are arguments. EK3
    arguments fit the code's parameters.

    Example:
    ```mlir
    tile.extern_code @gate entry "gate" architecture "sm_80" parameters [i64, i64, i64, i32] trailing 2 threads 128 shared 0 scratch 0
        ptx ".version 7.0"
    %y = rondo.extern_kernel @gate(%x, %g) arguments [0 : index, 1 : index, 2 : index, affine_map<(r, b, t) -> (r * 64)>]
        grid affine_map<(r, b, t) -> ((r * 64 + 511) floordiv 512)> dims [64]
        : (tensor<2x8x64xf32>, tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$code, Variadic<AnyRankedTensor>:$inputs, ArrayAttr:$arguments, AffineMapAttr:$grid,
      DenseI64ArrayAttr:$dims);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = [{
    $code `(` $inputs `)` `arguments` $arguments `grid` $grid `dims` $dims attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif
