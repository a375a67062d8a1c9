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
  llvm::LogicalResult addInputs();
  mlir::Value addInput(llvm::StringRef name, mlir::Type type, Absent absent, std::optional<int64_t> minimum,
                       std::optional<int64_t> maximum);
  llvm::LogicalResult addOp(mlir::Operation &op);
  void addStreams(mlir::Value seed, mlir::Value step);
  void addRandom(RandomOpInterface op);
  void addStep(SequenceOpInterface op);
  // For entry points without states.
  void addWhole(SequenceOpInterface op);
  llvm::SmallVector<mlir::Value> statesBefore(SequenceOpInterface op);
  void addOutput(llvm::StringRef name, mlir::Value value);
  llvm::LogicalResult addGraphOutputs(mlir::func::ReturnOp end);
  llvm::LogicalResult finish(mlir::func::ReturnOp end);

  // EntryHeads.cpp
  llvm::LogicalResult addLossInputs();
  void addTargets(int64_t minimum, int64_t maximum);
  llvm::LogicalResult addHead(mlir::Value logits);
  llvm::FailureOr<LinearLogProbOp> logProbability(mlir::Value logits);
  mlir::Value lastRow(mlir::Value logits);
  llvm::LogicalResult noLogits();

  mlir::func::FuncOp graph;
  const GraphStates &states;
  const EntryRequest &request;
  mlir::OpBuilder builder;
  mlir::func::FuncOp entry;
  mlir::IRMapping values;                               // graph -> entry
  mlir::Value length, slot, reset, targets, lossWeight; // null where the entry point has none
  mlir::ValueRange streams;                             // of random numbers, in training, by number
  llvm::SmallVector<mlir::Value> outputs;
  llvm::SmallVector<mlir::Attribute> outputAttributes;
};

// Gives a copied op the result types that follow from its new operands.
llvm::LogicalResult inferTypesAgain(mlir::Operation *op);

} // namespace rondo
