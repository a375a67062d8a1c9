// Random numbers in training: streams and dropout.
#ifndef RONDO_DIALECTS_RONDO_RANDOM_RANDOMOPS_TD
#define RONDO_DIALECTS_RONDO_RANDOM_RANDOMOPS_TD

include "dialects/rondo/RondoAttrs.td"
include "dialects/rondo/interfaces/CostOpInterface.td"
include "dialects/rondo/interfaces/DerivativeOpInterface.td"
include "dialects/rondo/interfaces/RandomOpInterface.td"
include "dialects/rondo/interfaces/TileOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rondo_RandomStreamsOp : Rondo_Op<"random_streams", [Pure, DeclareOpInterfaceMethods<Rondo_CostOpInterface>,
    DeclareOpInterfaceMethods<Rondo_TileRootOpInterface>]> {
  let summary = "the streams of random numbers of one step";
  let description = [{
    Result i is `[seed, step * 2^16 + i]`, i64: the key and the stream of a Philox generator whose numbers depend on seed, step, i and
    their own number alone. Streams are values, so that ops which draw from different ones share a kernel.

    Constraints: Q1 `seed` and `step` are i64 scalars. Q2 1 to 65536 results, each i64 `[2]`.

    Example:
    ```mlir
    %s:2 = rondo.random_streams %seed, %step : (tensor<i64>, tensor<i64>) -> (tensor<2xi64>, tensor<2xi64>)
    ```
  }];
  let arguments = (ins AnyRankedTensor:$seed, AnyRankedTensor:$step);
  let results = (outs Variadic<AnyRankedTensor>:$streams);
  let assemblyFormat = "$seed `,` $step attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Rondo_DropoutOp : Rondo_Op<"dropout", [Pure, InferTypeOpAdaptor, DeclareOpInterfaceMethods<Rondo_CostOpInterface>,
    DeclareOpInterfaceMethods<Rondo_DerivativeOpInterface>, DeclareOpInterfaceMethods<Rondo_PointwiseTileOpInterface>,
    DeclareOpInterfaceMethods<Rondo_RandomOpInterface>]> {
  let summary = "drops elements at random and enlarges the others: y = x / (1 - rate) or 0";
  let description = [{
    Element e of `x`, counted row-major, is kept if u(e) >= rate, u(e) being the uniform number in [0, 1) that `rondo::rt::uniformAt` gives
    for `stream` (see `random_streams`); it is multiplied by 1 / (1 - rate), rounded to f32. The derivative is dropout of the cotangent
    with the same stream, so nothing but the stream is kept. Source: Srivastava et al., "Dropout", 2014.

    In the graph, before entry points are derived, the op has no stream but the `id` of one: equal ops of different ids draw
    different numbers. Entry points that do not train have no dropout.

    Constraints: D1 `x` is a sequence tensor, `stream` i64 `[2]`. D2 0 <= rate < 1. D3 either `stream` or `id`, and 0 <= id < 65536.

    Example:
    ```mlir
    %y = rondo.dropout %x, %stream rate 0.1 : (tensor<2x8x64xf32>, tensor<2xi64>) -> tensor<2x8x64xf32>
    %z = rondo.dropout %w rate 0.1 id 3 : (tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, Optional<AnyRankedTensor>:$stream, F64Attr:$rate, OptionalAttr<I64Attr>:$id);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x (`,` $stream^)? `rate` $rate (`id` $id^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Streams of one step.
    static constexpr int64_t kStreams = 1 << 16;
  }];
}

#endif
