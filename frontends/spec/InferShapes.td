// From the spec to the typed graph.
#ifndef RONDO_FRONTENDS_SPEC_INFERSHAPES_TD
#define RONDO_FRONTENDS_SPEC_INFERSHAPES_TD

include "mlir/Pass/PassBase.td"

def InferShapes : Pass<"rondo-infer-shapes", "::mlir::ModuleOp"> {
  let summary = "Infer shapes and emit the typed graph";
  let description = [{
    Replaces the `spec.model` by `rondo.weight` declarations and one `func.func @model` with the attribute
    `rondo.graph`. Batch and time stay dynamic, everything else is static. Initial values are evaluated to constant,
    normal or uniform. Module attributes name the model, its preset, hyper-parameters and vocabulary.

    Holds before: the spec is specialised. Holds after: no op of the spec dialect is left.
  }];
  let dependentDialects = ["::rondo::RondoDialect", "::rondo::tile::TileDialect", "::mlir::func::FuncDialect"];
}

#endif
