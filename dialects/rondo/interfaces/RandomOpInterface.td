// What differs between training and inference: ops that draw random numbers.
#ifndef RONDO_DIALECTS_RONDO_INTERFACES_RANDOMOPINTERFACE_TD
#define RONDO_DIALECTS_RONDO_INTERFACES_RANDOMOPINTERFACE_TD

include "mlir/IR/OpBase.td"

def Rondo_RandomOpInterface : OpInterface<"RandomOpInterface"> {
  let cppNamespace = "::rondo";
  let description = [{
    An op of the graph that draws random numbers when the model is trained. `rondo-derive-entries` puts other ops in its place: in
    `grad`, `accumulate` and `train` those that draw from a stream, elsewhere those that draw nothing.
  }];
  let methods = [
    InterfaceMethod<"The number, in the graph, of the stream that the op draws from.", "int64_t", "getStreamId">,
    InterfaceMethod<[{
        Builds what the op is in training: `operands` are those of the entry point, `stream` is i64 `[2]`, a result of
        `rondo.random_streams`. Returns one value per result.
      }],
      "::llvm::SmallVector<::mlir::Value>", "buildTraining",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands, "::mlir::Value":$stream)>,
    InterfaceMethod<"Builds what the op is in inference.",
      "::llvm::SmallVector<::mlir::Value>", "buildInference",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands)>,
  ];
}

#endif
