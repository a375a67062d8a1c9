// One op and its derivative as two functions that the evaluator can run.
#pragma once

#include "test/evaluator/FiniteDifference.h"
#include "test/evaluator/RandomGraph.h"

#include <set>

namespace rondo::reference {

// A function that holds one differentiable op: its arguments are operands of that op or of ops that feed it
// what has no gradient, its results are results of the op.
struct OpUnderTest {
  mlir::OwningOpRef<mlir::ModuleOp> module; // func.func @forward
  std::set<unsigned> constants;             // float arguments through which no gradient flows, by definition
};

// `@gradient` beside `@forward`: it has the cotangents of the results as further arguments and returns the
// gradients that the op's derivative gives.
class OpGradient {
public:
  explicit OpGradient(OpUnderTest test);

  mlir::func::FuncOp forward() { return function("forward"); }
  mlir::func::FuncOp gradient() { return function("gradient"); }

  // Compares the gradients by all arguments with differences of the results in `directions` random
  // directions. A gradient that the derivative does not give counts as zero.
  GradientScore check(Random &random, const std::vector<Tensor> &arguments, int directions);

private:
  mlir::func::FuncOp function(llvm::StringRef name) { return module->lookupSymbol<mlir::func::FuncOp>(name); }
  void addGradient();
  bool varies(unsigned argument);
  double valueAt(const std::vector<Tensor> &arguments, const std::vector<Tensor> &cotangents);
  std::vector<Tensor> frozenRowScale(const std::vector<Tensor> &arguments, std::vector<Tensor> cotangents);

  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::set<unsigned> constants;
  std::vector<unsigned> differentiated; // arguments of forward, in the order of gradient's results
};

// A retention with random widths, shared heads, direction, layout of states, decay, resets, lengths, initial
// state and row scale.
OpUnderTest makeRandomRetention(mlir::MLIRContext *context, Random &random);

// Values for the arguments of `forward`: floats normal (a [B, T, H] is a log decay, in (-2, 0)), i8 flags,
// i32 [B] lengths, and other integers in [leastIndex, 3).
std::vector<Tensor> randomArguments(mlir::func::FuncOp function, Random &random, int64_t leastIndex = 0);

} // namespace rondo::reference
