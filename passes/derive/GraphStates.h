// The states of a graph: which op carries which, and under what name.
#pragma once

#include "dialects/rondo/Rondo.h"
#include "mlir/IR/BuiltinOps.h"

namespace rondo {

class GraphStates {
public:
  // Names the states of every sequence op: `state.<layer>.<role>`, outside of blocks `state.<role>`; a
  // repeated name gets
  // `.1`, `.2`, in the order of the graph.
  explicit GraphStates(mlir::func::FuncOp graph);

  llvm::ArrayRef<mlir::StringAttr> namesOf(mlir::Operation *op) const { return names.find(op)->second; }
  // Declares them all before the graph.
  void declare() const;

private:
  mlir::func::FuncOp graph;
  llvm::MapVector<mlir::Operation *, llvm::SmallVector<mlir::StringAttr>> names;
};

} // namespace rondo
