// Builds the typed graph: weights, shared positions and rotary tables, and the values of the spec.
#pragma once

#include "dialects/rondo/Rondo.h"
#include "frontends/spec/layers/Shape.h"
#include "frontends/spec/layers/Weights.h"
#include "mlir/IR/BuiltinOps.h"

namespace rondo {

class GraphEmitter {
public:
  // Ops go to the end of `body`; the first argument of `body` gives batch and time to shared positions.
  GraphEmitter(mlir::Block &body) : opBuilder(mlir::OpBuilder::atBlockEnd(&body)), body(body) {}

  mlir::OpBuilder &builder() { return opBuilder; }
  mlir::RankedTensorType type(const Shape &shape) { return shape.type(opBuilder.getContext()); }

  // Marks a sequence op as part of a block instance ("layers.3"): its state is named after it.
  void setInstance(mlir::StringAttr instance) { this->instance = instance; }
  void tagSequenceOp(mlir::Operation *op) {
    if (instance)
      op->setAttr("rondo.layer", instance);
  }

  mlir::Value getWeight(llvm::StringRef name, llvm::ArrayRef<int64_t> dims, mlir::Location loc);
  // Positions from the start of the sequence, one op for the whole graph.
  mlir::Value sharedPositions(mlir::Location loc);
  // Cosines and sines, one table for all layers that turn alike.
  std::pair<mlir::Value, mlir::Value> rotaryTable(mlir::Value positions, llvm::ArrayRef<double> theta,
                                                  Pairs pairs, mlir::Location loc);

  mlir::Value reshape(mlir::Value x, const Shape &shape, mlir::Location loc);
  mlir::Value scale(mlir::Value x, double factor, mlir::Location loc);
  // Draws from a stream of its own: streams are numbered as their ops stand in the graph. Null if there are
  // no more.
  mlir::Value dropout(mlir::Value x, double rate, mlir::Location loc);

  // The rondo.weight ops of the module.
  static void declareWeights(mlir::OpBuilder &builder, const WeightTable &weights);

private:
  mlir::OpBuilder opBuilder;
  mlir::Block &body;
  mlir::StringAttr instance;
  mlir::Value positions;
  int64_t streams = 0; // of random numbers, in use
  llvm::SmallVector<RotaryTableOp> tables;
};

} // namespace rondo
