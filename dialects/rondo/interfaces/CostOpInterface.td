// What an op needs, counted from its shapes: the input of reports and of the cost model.
#ifndef RONDO_DIALECTS_RONDO_INTERFACES_COSTOPINTERFACE_TD
#define RONDO_DIALECTS_RONDO_INTERFACES_COSTOPINTERFACE_TD

include "mlir/IR/OpBase.td"

def Rondo_CostOpInterface : OpInterface<"CostOpInterface"> {
  let cppNamespace = "::rondo";
  let methods = [
    InterfaceMethod<"Needed work on static shapes: FLOPs (a multiply-add is 2) and bytes of operands and results.",
      "::rondo::Work", "getWork">,
  ];
}

#endif
