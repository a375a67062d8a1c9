// Builds one entry point from the graph.
#pragma once

#include "mlir/IR/IRMapping.h"
#include "passes/derive/EntryRequest.h"
#include "passes/derive/GraphStates.h"

namespace rondo {

class EntryBuilder {
public:
  EntryBuilder(mlir::func::FuncOp graph, const GraphStates &states, const EntryRequest &request)
      : graph(graph), states(states), request(request), builder(graph) {}

  // Inserts the entry point before the graph. Reports RND2109 if the graph cannot have it.
  llvm::LogicalResult build();

private:
  llvm::LogicalResult check();
  void addInputs();
  mlir::Value addInput(llvm::StringRef name, mlir::Type type, Absent absent, std::optional<int64_t> minimum,
                       std::optional<int64_t> maximum);
  llvm::LogicalResult addOp(mlir::Operation &op);
  llvm::LogicalResult addStep(SequenceOpInterface op);
  llvm::LogicalResult addOutputs(mlir::func::ReturnOp end);
  llvm::FailureOr<mlir::Value> score(mlir::Value logits);
  mlir::Value lastRow(mlir::Value logits);

  mlir::func::FuncOp graph;
  const GraphStates &states;
  const EntryRequest &request;
  mlir::OpBuilder builder;
  mlir::func::FuncOp entry;
  mlir::IRMapping values; // graph -> entry
  mlir::Value length, slot;
};

} // namespace rondo
