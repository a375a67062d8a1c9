// Kernels that were compiled elsewhere: their code, and their place among a module's kernels.
#ifndef RONDO_DIALECTS_TILE_EXTERNOPS_TD
#define RONDO_DIALECTS_TILE_EXTERNOPS_TD

include "dialects/tile/TileDialect.td"
include "mlir/IR/SymbolInterfaces.td"

def Tile_ExternCodeOp : Tile_Op<"extern_code", [Symbol]> {
  let summary = "a kernel for NVIDIA GPUs that was compiled elsewhere";
  let description = [{
    `ptx` defines one entry, `entry`, for `architecture` ("sm_80": this and later ones; "sm_90a": this alone). `parameters` are its
    parameters before the scratch addresses, of type i8 to i64 (i64 are addresses too), f32 or f64; then come `trailing` addresses as
    Triton's launchers pass them: global scratch of `scratch_bytes` for each block, and the profiler's, which is null. A block has `threads` threads
    and `shared_bytes` of dynamic shared memory. `cubin`, where it is there, is the same kernel as machine code.

    Example:
    ```mlir
    tile.extern_code @gate entry "gate" architecture "sm_80" parameters [i64, i64, i32] trailing 2 threads 128 shared 0 scratch 0
        ptx ".version 7.0"
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$entry, StrAttr:$architecture, TypeArrayAttr:$parameters,
      I64Attr:$trailing, I64Attr:$threads, I64Attr:$shared_bytes, I64Attr:$scratch_bytes, StrAttr:$ptx, OptionalAttr<StrAttr>:$cubin);
  let assemblyFormat = [{
    $sym_name `entry` $entry `architecture` $architecture `parameters` $parameters `trailing` $trailing `threads` $threads
    `shared` $shared_bytes `scratch` $scratch_bytes `ptx` $ptx (`cubin` $cubin^)? attr-dict
  }];
  let hasVerifier = 1;
}

def Tile_ExternKernelOp : Tile_Op<"extern_kernel", [Symbol, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a kernel of a module whose code is a `tile.extern_code`";
  let description = [{
    Stands beside `tile.kernel`s and is dispatched like one. `buffers` are its row-major buffers, `writes` (one bit per buffer) says which it
    writes, whole, and which it reads. `arguments` are the parameters of the code in order: an `index` attribute is the number of a
    buffer, whose address is passed, all others are passed as they are. `grid` are one to three extents.

    Example:
    ```mlir
    tile.extern_code @gate entry "gate" architecture "sm_80" parameters [i64, i64, i32] trailing 2 threads 128 shared 0 scratch 0
        ptx ".version 7.0"
    tile.extern_kernel @gate_0 code @gate buffers [memref<8x64xf32>, memref<8x64xf32>] writes [false, true]
        arguments [0 : index, 1 : index, 512 : i32] grid [1]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, FlatSymbolRefAttr:$code, TypeArrayAttr:$buffers, DenseBoolArrayAttr:$writes,
      ArrayAttr:$arguments, DenseI64ArrayAttr:$grid, OptionalAttr<StrAttr>:$source);
  let assemblyFormat = [{
    $sym_name `code` $code `buffers` $buffers `writes` $writes `arguments` $arguments `grid` $grid (`source` $source^)? attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Product of the grid's extents.
    int64_t getWorkgroupCount();
  }];
}

#endif
