// Walks the ops of an unrolled model in order: infers shapes, and emits the graph when asked to.
#pragma once

#include "frontends/spec/layers/LayerContext.h"

namespace rondo {

class ModelWalk {
public:
  // Without an emitter the walk only checks.
  ModelWalk(spec::ModelOp model, Diagnosis &diagnosis, GraphEmitter *emitter = nullptr)
      : model(model), diagnosis(diagnosis), emitter(emitter) {}

  // `arguments` are the graph function's, one per input; empty without an emitter.
  void run(mlir::ValueRange arguments = {});

  std::optional<Shape> shape(mlir::Value value) const { return values.lookup(value).shape; }
  mlir::Value graph(mlir::Value value) const { return values.lookup(value).graph; }
  const WeightTable &weights() const { return table; }

private:
  void visitInput(spec::InputOp input, mlir::Value argument);
  void visitLayer(spec::LayerOpInterface layer);
  void visitOutput(spec::OutputOp output);

  spec::ModelOp model;
  Diagnosis &diagnosis;
  GraphEmitter *emitter;
  LayerContext::Values values;
  WeightTable table;
};

} // namespace rondo
