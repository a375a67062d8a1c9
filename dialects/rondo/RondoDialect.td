// The typed graph: what a model computes, with static shapes, before and after its entry points are derived.
#ifndef RONDO_DIALECTS_RONDO_RONDODIALECT_TD
#define RONDO_DIALECTS_RONDO_RONDODIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Rondo_Dialect : Dialect {
  let name = "rondo";
  let cppNamespace = "::rondo";
  let summary = "The typed dataflow graph of a long-sequence model";
  let description = [{
    Values are builtin tensors. A *sequence tensor* is `[batch, time, ...]`: `[B, T, width]`,
    `[B, T, heads, dim]` or `[B, T]`. Before `derive`, B and T are dynamic (`tensor<?x?x512xf32>`); an entry
    point has static shapes only. Heads are contiguous slices of the width, so `[B, T, H, d]` and
    `[B, T, H * d]` are the same bytes in memory. Arithmetic is f32; positions are i64; tokens, lengths and
    slots are i32.

    A module of the graph holds `rondo.weight` and `rondo.state` declarations and one `func.func` per graph or
    entry point. Ops that mix positions implement `SequenceOpInterface`; every other op is pointwise along
    batch and time.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

class Rondo_Op<string mnemonic, list<Trait> traits = []> : Op<Rondo_Dialect, mnemonic, traits>;

#endif
