// How an op evaluates itself for the reference evaluator. Attached from this folder, so that the ops do not know of it.
#ifndef RONDO_TEST_EVALUATOR_REFERENCEOPINTERFACE_TD
#define RONDO_TEST_EVALUATOR_REFERENCEOPINTERFACE_TD

include "mlir/IR/OpBase.td"

def Rondo_ReferenceOpInterface : OpInterface<"ReferenceOpInterface"> {
  let cppNamespace = "::rondo::reference";
  let methods = [
    InterfaceMethod<"The op's results, computed from its definition in float64; no regard for speed.",
      "std::vector<::rondo::reference::Tensor>", "evaluate", (ins "::rondo::reference::Evaluator &":$evaluator)>,
  ];
}

#endif
