// The block-level kernel dialect: what one workgroup does, on tiles.
#ifndef RONDO_DIALECTS_TILE_TILEDIALECT_TD
#define RONDO_DIALECTS_TILE_TILEDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::rondo::tile";
  let summary = "Kernels as the work of one workgroup on tiles";
  let description = [{
    A `tile.kernel` is a grid of independent workgroups. Its arguments are static memrefs (buffers): 2-D, rows x columns,
    or 1-D. A *tile* is a ranked tensor with static shape and no layout; a tile value has no home: the target decides whether it
    lives in registers, in scratch or stays where it was loaded from. Elementwise work is `arith` and `math` on tiles; control
    flow is `scf` (tiles may be loop-carried: that is a *carry*); index arithmetic is `arith`; scalars come from
    `memref.load`. There are no threads, registers, vector widths or barriers. Tiles never reach beyond their
    buffer: edges are tiles of their own exact size or, where that is known at run time only, *counted* tiles, of which only the first
    rows exist.

    Buffers whose layout map is `(n, k) -> (n floordiv P, k, n mod P)` are parameters stored in panels of P rows. A tile that is
    loaded from or stored to one begins at a panel and ends at the end of one or at the buffer's last row.

    A buffer that a workgroup writes is not read by other workgroups of the same kernel.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

class Tile_Op<string mnemonic, list<Trait> traits = []> : Op<Tile_Dialect, mnemonic, traits>;

class Tile_Enum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::rondo::tile";
  let genSpecializedAttr = 0;
}
class Tile_EnumAttr<EnumAttrInfo info, string mnemonic> : EnumAttr<Tile_Dialect, info, mnemonic>;

def Tile_Side : Tile_Enum<"Side", "operand of a dot that a stage prepares", [
    I32EnumAttrCase<"Lhs", 0, "lhs">, I32EnumAttrCase<"Rhs", 1, "rhs">]>;
def Tile_SideAttr : Tile_EnumAttr<Tile_Side, "side">;

// Which part of a dot matters. LowerResult: only elements (i, j) with j <= i are needed, UpperResult: those with j >= i; the others are
// unspecified but finite. LowerLhs: the left operand (after transposition) counts only where k <= i, UpperLhs: where k >= i; what stands on
// the other side of the diagonal is never used.
def Tile_Triangle : Tile_Enum<"Triangle", "causal structure of a dot", [
    I32EnumAttrCase<"Full", 0, "full">,
    I32EnumAttrCase<"LowerResult", 1, "lower_result">,
    I32EnumAttrCase<"LowerLhs", 2, "lower_lhs">,
    I32EnumAttrCase<"UpperResult", 3, "upper_result">,
    I32EnumAttrCase<"UpperLhs", 4, "upper_lhs">]>;
def Tile_TriangleAttr : Tile_EnumAttr<Tile_Triangle, "triangle"> { let assemblyFormat = "`<` $value `>`"; }

// What the operands of a dot are rounded to before they are multiplied. Sums are f32 either way.
def Tile_Precision : Tile_Enum<"Precision", "operands of a dot", [
    I32EnumAttrCase<"F32", 0, "f32">, I32EnumAttrCase<"BF16", 1, "bf16">]>;
def Tile_PrecisionAttr : Tile_EnumAttr<Tile_Precision, "precision"> { let assemblyFormat = "`<` $value `>`"; }

def Tile_Combine : Tile_Enum<"Combine", "associative operation of a reduction", [
    I32EnumAttrCase<"Add", 0, "add">, I32EnumAttrCase<"Max", 1, "max">]>;
def Tile_CombineAttr : Tile_EnumAttr<Tile_Combine, "combine">;

def Tile_Pairs : Tile_Enum<"Pairs", "which lanes form a pair", [
    I32EnumAttrCase<"Interleaved", 0, "interleaved">, I32EnumAttrCase<"Halves", 1, "halves">]>;
def Tile_PairsAttr : Tile_EnumAttr<Tile_Pairs, "pairs">;

#endif
