// The reference evaluator: runs a function of the typed graph in float64, op by op, by definition. Slow and
// readable; the oracle of property tests.
#pragma once

#include "dialects/rondo/Rondo.h"
#include "test/evaluator/Tensor.h"

#include <map>
#include <string>

namespace rondo::reference {

class Evaluator {
public:
  std::map<std::string, Tensor> weights;
  std::map<std::string, Tensor>
      states; // pools [slots, ...]; a missing one is made of zeros when it is first read

  std::map<std::string, Tensor> optimizer; // a missing one is made of zeros when it is first touched

  std::vector<Tensor> run(mlir::func::FuncOp function, const std::vector<Tensor> &inputs);

  // For the ops: the tensor of an operand, and the evaluation of a block whose arguments are known.
  const Tensor &operator[](mlir::Value value) const { return values.find(value)->second; }
  const Tensor *find(mlir::Value value) const { return value ? &values.find(value)->second : nullptr; }
  std::vector<Tensor> runBlock(mlir::Block &block, const std::vector<Tensor> &arguments);

private:
  llvm::DenseMap<mlir::Value, Tensor> values;
};

// Makes every op of the rondo dialect evaluable.
void registerReferences(mlir::DialectRegistry &registry);

// One per family, in <Family>Reference.cpp.
void attachAttentionReferences(mlir::MLIRContext *context);
void attachGraphReferences(mlir::MLIRContext *context);
void attachLossReferences(mlir::MLIRContext *context);
void attachNnGradReferences(mlir::MLIRContext *context);
void attachNnReferences(mlir::MLIRContext *context);
void attachOptimizerReferences(mlir::MLIRContext *context);
void attachRandomReferences(mlir::MLIRContext *context);
void attachRetentionGradReferences(mlir::MLIRContext *context);
void attachRetentionReferences(mlir::MLIRContext *context);
void attachStateReferences(mlir::MLIRContext *context);

} // namespace rondo::reference

#include "test/evaluator/ReferenceOpInterface.h.inc"
