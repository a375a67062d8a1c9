// Random models of the typed graph, for property tests.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "test/evaluator/Evaluator.h"

#include <random>

namespace rondo::reference {

using Random = std::mt19937_64;

inline int64_t pick(Random &random, int64_t least, int64_t most) {
  return std::uniform_int_distribution<int64_t>(least, most)(random);
}
inline bool chance(Random &random, double probability) {
  return std::bernoulli_distribution(probability)(random);
}

struct RandomGraph {
  mlir::OwningOpRef<mlir::ModuleOp> module; // one function with rondo.graph: tokens, reset -> logits
  std::map<std::string, Tensor> weights;
  int64_t vocabulary; // without the padding token
  // A token whose embedding is NaN: what stands in padding.
  int64_t paddingToken() const { return vocabulary; }
};

struct RandomGraphOptions {
  // For gradients: no padding token, norms whose epsilon counts, tied embeddings, frozen parameters,
  // parameters with weight decay.
  bool training = false;
  RowScale rowScale = RowScale::TorchscaleRecurrent; // of the retentions that have one
  bool dropout = true;                               // behind some products
};

// One to three blocks of retention with random widths, heads, decays, rotation, row scale and gates, some
// with documents that restart, between them dilated attention, then logits.
RandomGraph makeRandomGraph(mlir::MLIRContext *context, Random &random, RandomGraphOptions options = {});

// The module after `rondo-derive-entries=entries=...`, and after further passes.
mlir::OwningOpRef<mlir::ModuleOp> derive(mlir::ModuleOp graph, const std::string &entries);

// Runs the function called `name` with inputs by name.
std::map<std::string, Tensor> runEntry(Evaluator &evaluator, mlir::ModuleOp module, llvm::StringRef name,
                                       const std::map<std::string, Tensor> &inputs);

Tensor randomTensor(Random &random, std::vector<int64_t> shape, double scale = 1);

// Largest |a - b| over the largest |a| (at least 1).
double relativeDifference(const Tensor &a, const Tensor &b);

} // namespace rondo::reference
