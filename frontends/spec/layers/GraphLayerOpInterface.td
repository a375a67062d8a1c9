// How a layer op of the spec language becomes ops of the typed graph. Attached to the spec dialect's ops as external
// models, because the dialect itself knows nothing of the graph.
#ifndef RONDO_FRONTENDS_SPEC_LAYERS_GRAPHLAYEROPINTERFACE_TD
#define RONDO_FRONTENDS_SPEC_LAYERS_GRAPHLAYEROPINTERFACE_TD

include "mlir/IR/OpBase.td"

def GraphLayerOpInterface : OpInterface<"GraphLayerOpInterface"> {
  let cppNamespace = "::rondo";
  let methods = [
    InterfaceMethod<[{
        Shapes of the results, from the operands' shapes and the clauses. Reports what does not fit; failure means that
        the results are unknown. Declares the op's parameters.
      }],
      "::llvm::LogicalResult", "inferShapes",
      (ins "::rondo::LayerContext &":$context, "::llvm::SmallVectorImpl<::rondo::Shape> &":$results)>,
    InterfaceMethod<"Emits the layer after inferShapes has succeeded; the results in the graph, one per shape.",
      "::llvm::SmallVector<::mlir::Value>", "emit",
      (ins "::rondo::LayerContext &":$context, "::rondo::GraphEmitter &":$emitter,
           "::llvm::ArrayRef<::rondo::Shape>":$results)>,
  ];
}

#endif
