// The states of a graph: which op carries which, and under what name.
#include "passes/derive/GraphStates.h"

using namespace mlir;
using namespace rondo;

GraphStates::GraphStates(func::FuncOp graph) : graph(graph) {
  llvm::StringMap<unsigned> repeated;
  graph.walk([&](SequenceOpInterface op) {
    SmallVector<StringAttr> &own = names[op];
    auto layer = op->getAttrOfType<StringAttr>("rondo.layer");
    for (const StateSpec &spec : op.getStateSpecs()) {
      std::string name = layer ? ("state." + layer.getValue() + "." + spec.role).str() : "state." + spec.role;
      if (unsigned count = repeated[name]++)
        name += "." + std::to_string(count);
      own.push_back(StringAttr::get(graph.getContext(), name));
    }
  });
}

void GraphStates::declare() const {
  OpBuilder builder(graph);
  for (const auto &[op, own] : names)
    for (auto [spec, name] : llvm::zip_equal(cast<SequenceOpInterface>(op).getStateSpecs(), own))
      StateOp::create(builder, op->getLoc(), name, StateKindAttr::get(builder.getContext(), spec.kind),
                      TypeAttr::get(spec.slot));
}
