// Ops of the block-level dialect.
#ifndef RONDO_DIALECTS_TILE_TILEOPS_TD
#define RONDO_DIALECTS_TILE_TILEOPS_TD

include "dialects/tile/ExternOps.td"
include "dialects/tile/TileDialect.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tile_Tile : StaticShapeTensorOf<[F32, BF16, I1, I8, I32, I64, Index]>;
def Tile_F32Tile : StaticShapeTensorOf<[F32]>;
def Tile_Buffer : StaticShapeMemRefOf<[F32, BF16, I8, I32, I64]>;

// ---- frame ---------------------------------------------------------------------------------------------------

def Tile_KernelOp : Tile_Op<"kernel", [Symbol, IsolatedFromAbove, SingleBlock]> {
  let summary = "a grid of independent workgroups";
  let description = [{
    The block's arguments are the buffers, then one `index` per grid dimension: the workgroup's coordinates, 0 <= id <
    extent. The last dimension varies fastest in the linear order in which a target splits the grid. `reads` and `writes` (one
    bit per buffer) say how each buffer is used; two buffers overlap only if both are only read.

    Example:
    ```mlir
    tile.kernel @twice(%x: memref<8x64xf32>, %y: memref<8x64xf32>) writes [false, true] grid [2] ids(%i) {
      %c4 = arith.constant 4 : index
      %c0 = arith.constant 0 : index
      %row = arith.muli %i, %c4 : index
      %t = tile.load %x[%row, %c0] : memref<8x64xf32> -> tensor<4x64xf32>
      %u = arith.addf %t, %t : tensor<4x64xf32>
      tile.store %u, %y[%row, %c0] : tensor<4x64xf32>, memref<8x64xf32>
      tile.return
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, DenseI64ArrayAttr:$grid, DenseBoolArrayAttr:$writes,
      OptionalAttr<StrAttr>:$source);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The buffers, without the workgroup coordinates.
    ::llvm::ArrayRef<::mlir::BlockArgument> getBuffers();
    /// The workgroup's coordinates.
    ::llvm::ArrayRef<::mlir::BlockArgument> getIds();
    /// Product of the grid's extents.
    int64_t getWorkgroupCount();
  }];
}

def Tile_ReturnOp : Tile_Op<"return", [Pure, Terminator, HasParent<"::rondo::tile::KernelOp">]> {
  let summary = "end of a workgroup's work";
  let assemblyFormat = "attr-dict";
}

// ---- memory --------------------------------------------------------------------------------------------------

def Tile_LoadOp : Tile_Op<"load", [MemoryEffects<[MemRead]>, AttrSizedOperandSegments]> {
  let summary = "the tile of a buffer at an offset";
  let description = [{
    `result[i, j] = buffer[row + i * step, column + j]`, wholly inside the buffer. One offset per buffer dimension. Reading sees the
    buffer as it was before the workgroup's later stores.

    `rows` counts the rows that exist: rows i >= `rows` are zeros, and memory is not touched there, so they may lie beyond the
    buffer; none exist if `rows` <= 0, and all if it reaches the tile's. The tile is then *counted*. A `stride` is a step known only
    at run time, 1 or more. A `step` above 1, a `stride` (a *strided* tile) or `rows` need a row-major buffer of two dimensions.

    Example:
    ```mlir
    %t = tile.load %x[%row, %c0] : memref<8x64xf32> -> tensor<4x64xf32>
    %u = tile.load %x[%row, %c0] step 4 rows %n : memref<8x64xf32> -> tensor<16x64xf32>
    %v = tile.load %x[%row, %c0] stride %s rows %n : memref<8x64xf32> -> tensor<16x64xf32>
    ```
  }];
  let arguments = (ins Tile_Buffer:$buffer, Variadic<Index>:$offsets, Optional<Index>:$stride, Optional<Index>:$rows,
      DefaultValuedAttr<I64Attr, "1">:$step);
  let results = (outs Tile_Tile:$tile);
  let builders = [OpBuilder<(ins "::mlir::Type":$tile, "::mlir::Value":$buffer, "::mlir::ValueRange":$offsets), [{
    build($_builder, $_state, tile, buffer, offsets, /*stride=*/::mlir::Value(), /*rows=*/::mlir::Value());
  }]>];
  let assemblyFormat = [{
    $buffer `[` $offsets `]` (`step` $step^)? (`stride` $stride^)? (`rows` $rows^)? attr-dict `:` type($buffer) `->` type($tile)
  }];
  let hasVerifier = 1;
}

def Tile_StoreOp : Tile_Op<"store", [MemoryEffects<[MemWrite]>, AttrSizedOperandSegments]> {
  let summary = "writes a tile to a buffer at an offset";
  let description = [{
    `buffer[row + i * step, column + j] = tile[i, j]`, with the same `step`, `stride` and `rows` as a load has: rows i >= `rows` are left
    out. A store to panels that ends at the buffer's last row fills the rest of its panel with zeros.

    Example:
    ```mlir
    tile.store %t, %y[%row, %c0] : tensor<4x64xf32>, memref<8x64xf32>
    tile.store %u, %y[%row, %c0] step 4 rows %n : tensor<16x64xf32>, memref<8x64xf32>
    ```
  }];
  let arguments = (ins Tile_Tile:$tile, Tile_Buffer:$buffer, Variadic<Index>:$offsets, Optional<Index>:$stride, Optional<Index>:$rows,
      DefaultValuedAttr<I64Attr, "1">:$step);
  let builders = [OpBuilder<(ins "::mlir::Value":$tile, "::mlir::Value":$buffer, "::mlir::ValueRange":$offsets), [{
    build($_builder, $_state, tile, buffer, offsets, /*stride=*/::mlir::Value(), /*rows=*/::mlir::Value());
  }]>];
  let assemblyFormat = [{
    $tile `,` $buffer `[` $offsets `]` (`step` $step^)? (`stride` $stride^)? (`rows` $rows^)? attr-dict `:` type($tile) `,` type($buffer)
  }];
  let hasVerifier = 1;
}

def Tile_GatherOp : Tile_Op<"gather", [MemoryEffects<[MemRead]>]> {
  let summary = "rows of a buffer by index";
  let description = [{
    `result[i, j] = buffer[rows[i], column + j]`; `rows` is a tile of i32, each a row of the buffer. The buffer may be stored in panels.

    Example:
    ```mlir
    %t = tile.gather %table[%tokens, %c0] : memref<97x64xf32>, tensor<4xi32> -> tensor<4x64xf32>
    ```
  }];
  let arguments = (ins Tile_Buffer:$buffer, Tile_Tile:$rows, Index:$column);
  let results = (outs Tile_Tile:$tile);
  let assemblyFormat = "$buffer `[` $rows `,` $column `]` attr-dict `:` type($buffer) `,` type($rows) `->` type($tile)";
  let hasVerifier = 1;
}

def Tile_ScatterAddOp : Tile_Op<"scatter_add", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "adds rows of a tile to rows of a buffer, in order";
  let description = [{
    For i ascending: `buffer[rows[i], column + j] += tile[i, j]`. Equal indices add in ascending i, so the sum's bits are fixed. The buffer may be stored in
    panels.

    Example:
    ```mlir
    tile.scatter_add %g, %table[%tokens, %c0] : tensor<4x64xf32>, memref<97x64xf32>, tensor<4xi32>
    ```
  }];
  let arguments = (ins Tile_Tile:$tile, Tile_Buffer:$buffer, Tile_Tile:$rows, Index:$column);
  let assemblyFormat = "$tile `,` $buffer `[` $rows `,` $column `]` attr-dict `:` type($tile) `,` type($buffer) `,` type($rows)";
  let hasVerifier = 1;
}

def Tile_StageOp : Tile_Op<"stage", [Pure, SameOperandsAndResultType]> {
  let summary = "brings a tile near the dots that use it";
  let description = [{
    The same tile. A target copies it once into the form in which a dot reads it best (CPU: packed panels in scratch; GPU: a
    ring in shared memory), worth it if several rows of work read it. Without it a dot reads the tile where it is.

    Example:
    ```mlir
    %s = tile.stage rhs %k : tensor<64x64xf32>
    ```
  }];
  let arguments = (ins Tile_SideAttr:$side, Tile_Tile:$source);
  let results = (outs Tile_Tile:$tile);
  let assemblyFormat = "$side $source attr-dict `:` type($tile)";
}

// ---- arithmetic ----------------------------------------------------------------------------------------------

def Tile_DotOp : Tile_Op<"dot", [Pure]> {
  let summary = "acc + a b, f32";
  let description = [{
    `a` is `[M, K]`, or `[K, M]` with `transpose_a`; `b` is `[K, N]`, or `[N, K]` with `transpose_b`; `acc` is `[M, N]`
    or absent (zero). Each result element is one chain of fused multiply-adds in ascending k that starts from acc. `triangle` says
    which part matters (K = M for lower_lhs and upper_lhs, N = M for lower_result and upper_result). With `precision` bf16 both operands are rounded to bf16 (to nearest, ties to even) before
    they are multiplied: products are then exact in f32, sums may be taken in any order (tensor cores add several products at once), and what
    stands beyond the diagonal of a triangular left operand may count as zero, times what `b` has there: NaN and infinities of `b` spread.

    Example:
    ```mlir
    %p = tile.dot %q, %k {transpose_b, triangle = #tile.triangle<lower_result>}
        : tensor<64x32xf32>, tensor<64x32xf32> -> tensor<64x64xf32>
    %o = tile.dot %p, %v, %acc : tensor<64x64xf32>, tensor<64x32xf32>, tensor<64x32xf32> -> tensor<64x32xf32>
    ```
  }];
  let arguments = (ins Tile_F32Tile:$a, Tile_F32Tile:$b, Optional<Tile_F32Tile>:$acc, UnitAttr:$transpose_a, UnitAttr:$transpose_b,
      DefaultValuedAttr<Tile_TriangleAttr, "::rondo::tile::Triangle::Full">:$triangle,
      DefaultValuedAttr<Tile_PrecisionAttr, "::rondo::tile::Precision::F32">:$precision);
  let results = (outs Tile_F32Tile:$result);
  let assemblyFormat = [{
    $a `,` $b (`,` $acc^)? attr-dict `:` type($a) `,` type($b) (`,` type($acc)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_BroadcastOp : Tile_Op<"broadcast", [Pure]> {
  let summary = "repeats a vector along a new dimension, or fills a tile with a scalar";
  let description = [{
    `axis` is the new dimension of the result: axis 1 repeats a column `[M]` over N columns, axis 0 a row `[N]` over M rows. A
    scalar source takes no axis.

    Example:
    ```mlir
    %t = tile.broadcast %scale axis 1 : tensor<64xf32> -> tensor<64x128xf32>
    %u = tile.broadcast %g : f32 -> tensor<64x128xf32>
    ```
  }];
  let arguments = (ins AnyType:$source, OptionalAttr<I64Attr>:$axis);
  let results = (outs Tile_Tile:$tile);
  let assemblyFormat = "$source (`axis` $axis^)? attr-dict `:` type($source) `->` type($tile)";
  let hasVerifier = 1;
}

def Tile_ReduceOp : Tile_Op<"reduce", [Pure]> {
  let summary = "combines a tile along one dimension";
  let description = [{
    `[M, N]` -> `[M]` with axis 1, `[N]` with axis 0. The order is fixed by the shape alone. A maximum may pass over NaN; a sum does not.

    Example:
    ```mlir
    %s = tile.reduce add %t axis 1 : tensor<64x128xf32> -> tensor<64xf32>
    ```
  }];
  let arguments = (ins Tile_CombineAttr:$kind, Tile_Tile:$source, I64Attr:$axis);
  let results = (outs Tile_Tile:$tile);
  let assemblyFormat = "$kind $source `axis` $axis attr-dict `:` type($source) `->` type($tile)";
  let hasVerifier = 1;
}

def Tile_ScanOp : Tile_Op<"scan", [Pure, SameOperandsAndResultType]> {
  let summary = "running combination along one dimension, first element included";
  let description = [{
    Example:
    ```mlir
    %c = tile.scan add %t axis 0 : tensor<64xf32>
    ```
  }];
  let arguments = (ins Tile_CombineAttr:$kind, Tile_Tile:$source, I64Attr:$axis);
  let results = (outs Tile_Tile:$tile);
  let assemblyFormat = "$kind $source `axis` $axis attr-dict `:` type($tile)";
  let hasVerifier = 1;
}

def Tile_IotaOp : Tile_Op<"iota", [Pure]> {
  let summary = "0, 1, 2, ... along one dimension";
  let description = [{
    Integer tiles only (`i32`, `i64`).

    Example:
    ```mlir
    %i = tile.iota axis 0 : tensor<64x64xi32>
    ```
  }];
  let arguments = (ins I64Attr:$axis);
  let results = (outs Tile_Tile:$tile);
  let assemblyFormat = "`axis` $axis attr-dict `:` type($tile)";
  let hasVerifier = 1;
}

def Tile_RandomBitsOp : Tile_Op<"random_bits", [Pure]> {
  let summary = "random words of a stream, each a function of its number";
  let description = [{
    Element (i, j), i32, is word n = (row + i) * width + column + j of `stream` under `seed`: word n mod 4 of the generator Philox4x32-10
    (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011) with n div 4 and the stream as its counter and the seed as its
    key, 64 bits each, low half first. So is `rondo::rt::randomBits` of the runtime. `aligned` promises that `column` is a multiple
    of 4: then a target can compute the four words of a counter together.

    Example:
    ```mlir
    %bits = tile.random_bits %seed, %stream [%row, %c0] width 64 aligned : tensor<8x64xi32>
    ```
  }];
  let arguments = (ins I64:$seed, I64:$stream, Index:$row, Index:$column, I64Attr:$width, UnitAttr:$aligned);
  let results = (outs Tile_Tile:$tile);
  let assemblyFormat = [{
    $seed `,` $stream `[` $row `,` $column `]` `width` $width (`aligned` $aligned^)? attr-dict `:` type($tile)
  }];
  let hasVerifier = 1;
}

def Tile_RepeatOp : Tile_Op<"repeat", [Pure]> {
  let summary = "a tile side by side with itself";
  let description = [{
    `result[i, j] = source[i, j mod columns]`: a table of one head's width over several heads.

    Example:
    ```mlir
    %t = tile.repeat %cos : tensor<8x16xf32> -> tensor<8x64xf32>
    ```
  }];
  let arguments = (ins Tile_Tile:$source);
  let results = (outs Tile_Tile:$tile);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($tile)";
  let hasVerifier = 1;
}

def Tile_RotatePairsOp : Tile_Op<"rotate_pairs", [Pure, SameOperandsAndResultType]> {
  let summary = "J x: each pair (a, b) becomes (-b, a)";
  let description = [{
    Pairs lie within runs of `width` columns: (2i, 2i + 1) or (i, i + width / 2).

    Example:
    ```mlir
    %j = tile.rotate_pairs interleaved %x width 16 : tensor<8x64xf32>
    ```
  }];
  let arguments = (ins Tile_PairsAttr:$pairs, Tile_F32Tile:$source, I64Attr:$width);
  let results = (outs Tile_F32Tile:$tile);
  let assemblyFormat = "$pairs $source `width` $width attr-dict `:` type($tile)";
  let hasVerifier = 1;
}

def Tile_TransposeOp : Tile_Op<"transpose", [Pure]> {
  let summary = "rows become columns";
  let description = [{
    `result[i, j] = source[j, i]`.

    Example:
    ```mlir
    %r = tile.transpose %x : tensor<8x64xf32> -> tensor<64x8xf32>
    ```
  }];
  let arguments = (ins Tile_Tile:$source);
  let results = (outs Tile_Tile:$tile);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($tile)";
  let hasVerifier = 1;
}

def Tile_ReshapeOp : Tile_Op<"reshape", [Pure]> {
  let summary = "the same elements in row-major order under another shape";
  let description = [{
    Example:
    ```mlir
    %r = tile.reshape %x : tensor<8x64xf32> -> tensor<32x16xf32>
    ```
  }];
  let arguments = (ins Tile_Tile:$source);
  let results = (outs Tile_Tile:$tile);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($tile)";
  let hasVerifier = 1;
}

#endif
