// What a layer op of the spec language may be given: the one place that the parser's free clauses are held against.
#ifndef RONDO_DIALECTS_SPEC_LAYEROPINTERFACE_TD
#define RONDO_DIALECTS_SPEC_LAYEROPINTERFACE_TD

include "mlir/IR/OpBase.td"

def Spec_LayerOpInterface : OpInterface<"LayerOpInterface"> {
  let cppNamespace = "::rondo::spec";
  let description = [{
    An op with operands, clauses and results in the common grammar. `rondo-check-spec` compares it with its signature.
  }];
  let methods = [
    StaticInterfaceMethod<"Operands, results and clauses that the op takes.",
      "const ::rondo::spec::Signature &", "getSignature">,
    InterfaceMethod<"The clauses as written.", "::mlir::ArrayAttr", "getClauses">,
    InterfaceMethod<"The operands before the first clause.", "::mlir::OperandRange", "getLeadingOperands", (ins), [{
      return ::rondo::spec::leadingOperands($_op->getOperands(), $_op.getClauses());
    }]>,
  ];
}

#endif
