// How an op is differentiated: what rondo-differentiate builds the backward pass of an entry point from.
#ifndef RONDO_DIALECTS_RONDO_INTERFACES_DERIVATIVEOPINTERFACE_TD
#define RONDO_DIALECTS_RONDO_INTERFACES_DERIVATIVEOPINTERFACE_TD

include "mlir/IR/OpBase.td"

def Rondo_DerivativeOpInterface : OpInterface<"DerivativeOpInterface"> {
  let cppNamespace = "::rondo";
  let description = [{
    An op through which gradients flow. Its derivative is made of ops of the graph, which are scheduled, fused and compiled
    like all others. What an op reads again in the backward pass (its operands and results) is what the
    forward pass must keep; `rondo-rematerialise` may compute it again instead.
  }];
  let methods = [
    InterfaceMethod<[{
        Empty if buildDerivative can serve this op as it stands, else the reason, as the rest of a sentence.
      }],
      "std::optional<std::string>", "whyNoDerivative", (ins), "", "return std::nullopt;">,
    InterfaceMethod<[{
        Builds, at the builder's insertion point, the gradients of a scalar by this op's operands. `cotangents` are its
        gradients by the results, null where a result does not matter (at least one is given); `wanted` tells, per operand,
        whether its gradient will be used. Returns one value per operand: null where the gradient is zero or not wanted,
        otherwise a value of the operand's type.
      }],
      "::llvm::SmallVector<::mlir::Value>", "buildDerivative",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$cotangents, "const ::llvm::BitVector &":$wanted)>,
  ];
}

def Rondo_LossOpInterface : OpInterface<"LossOpInterface"> {
  let cppNamespace = "::rondo";
  let description = [{
    An op whose first result is a loss, a weighted mean over the batch: where a backward pass begins.
  }];
  let methods = [
    InterfaceMethod<[{
        Builds the gradients, per operand (null: none), of the loss itself or of the sum that it is the mean of.
      }],
      "::llvm::SmallVector<::mlir::Value>", "buildLossDerivative",
      (ins "::mlir::OpBuilder &":$builder, "::rondo::LossSeed":$seed)>,
  ];
}

#endif
