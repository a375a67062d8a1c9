// A random model with training entries, random inputs for them, and the checks of its gradients.
#pragma once

#include "test/evaluator/FiniteDifference.h"
#include "test/evaluator/RandomGraph.h"

namespace rondo::reference {

using Tensors = std::map<std::string, Tensor>;

struct TrainingSizes {
  int64_t batch, time, slots;
};

class TrainingModel {
public:
  TrainingModel(unsigned seed, RowScale rowScale, bool dropout = true);

  // The graph with `entries` derived, differentiated and given an optimiser; null on failure.
  mlir::OwningOpRef<mlir::ModuleOp> makeEntries(const std::string &entries);
  // Values for all inputs of an entry point. Targets and weights of 0 are among them, documents that begin,
  // states that are not empty.
  Tensors randomInputs(mlir::ModuleOp module, llvm::StringRef entry);
  // Pools of that many slots for all states of the module.
  Tensors randomStates(mlir::ModuleOp module, int64_t slots);
  bool isTrainable(llvm::StringRef weight);

  // Compares `grad` (or `vjp`) with differences of its own loss (or outputs), in one direction through
  // everything and in `directions` directions through one tensor each.
  GradientScore checkGrad(mlir::ModuleOp module, const Tensors &inputs, const Tensors &states,
                          int directions);
  GradientScore checkVjp(mlir::ModuleOp module, const Tensors &inputs, int directions);

  Random random;
  mlir::MLIRContext context;
  RandomGraph graph;
  TrainingSizes sizes;

private:
  Tensor randomInput(llvm::StringRef name, mlir::RankedTensorType type);
  GradientScore check(const Tensors &point, const Tensors &gradients, int directions,
                      const std::function<double(const Tensors &)> &value);
};

// Runs an entry point from these weights and states, which stay as they are.
Tensors evaluateEntry(mlir::ModuleOp module, llvm::StringRef entry, const Tensors &weights,
                      const Tensors &states, const Tensors &inputs);

} // namespace rondo::reference
