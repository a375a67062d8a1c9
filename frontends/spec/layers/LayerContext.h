// What a layer sees of itself while its shapes are inferred and its ops emitted: operands, clauses,
// complaints.
#pragma once

#include "frontends/spec/layers/GraphEmitter.h"

namespace rondo {

// A value of the spec during the walk: its shape, if known, and its value in the graph, if one is emitted.
struct WalkedValue {
  std::optional<Shape> shape;
  mlir::Value graph;
};

// Of the operands of layers that mix positions.
struct QkvShapes {
  const Shape *q, *k, *v;
};

class LayerContext {
public:
  using Values = llvm::DenseMap<mlir::Value, WalkedValue>;
  LayerContext(spec::LayerOpInterface op, const Values &values, WeightTable &weights, Diagnosis &diagnosis)
      : operation(op), clauses(op.getClauses()), leading(op.getLeadingOperands()), values(values),
        weights(weights), diagnosis(diagnosis) {}

  mlir::Operation *op() const { return operation; }
  mlir::Location loc() const { return operation->getLoc(); }

  // ---- operands: null shapes are of values that are wrong themselves and were reported already ----
  unsigned numOperands() const { return leading.size(); }
  mlir::Value operand(unsigned i) const { return leading[i]; }
  const Shape *shape(mlir::Value value) const;
  mlir::Value graph(mlir::Value value) const { return values.lookup(value).graph; }

  // ---- clauses; values that are absent or were reported are none ----
  bool has(llvm::StringRef clause) const { return static_cast<bool>(find(clause)); }
  spec::ClauseAttr find(llvm::StringRef clause) const { return spec::findClause(clauses, clause); }
  mlir::Location clauseLoc(llvm::StringRef clause) const;
  std::optional<double> number(llvm::StringRef clause, unsigned arg = 0) const;
  std::optional<int64_t> count(llvm::StringRef clause, int64_t limit = kMaxCount) const;
  llvm::StringRef word(llvm::StringRef clause) const;
  mlir::Value value(llvm::StringRef clause) const;
  // The values of an expression in `word` for word = 0 .. n - 1, or of a list of n numbers.
  std::optional<llvm::SmallVector<double>>
  series(llvm::StringRef clause, llvm::StringRef word, int64_t n,
         llvm::ArrayRef<std::pair<llvm::StringRef, double>> constants = {}) const;

  // Declares the parameter of the `weight` clause, if there is one, with these dimensions.
  void declareWeight(llvm::ArrayRef<int64_t> dims, Initial fallback);
  // The parameter as a value, after declareWeight with the same dimensions; null if there is no such clause.
  mlir::Value getWeight(GraphEmitter &emitter, llvm::ArrayRef<int64_t> dims) const;
  // Declares the vector of the `bias` clause, if there is one; `matrix` is the weight that it goes with.
  void declareBias(int64_t size, llvm::ArrayRef<int64_t> matrix, Initial fallback);
  // `x` and the bias, after declareBias with the last dimension of `x`; `x` if there is no such clause.
  mlir::Value addBias(GraphEmitter &emitter, mlir::Value x) const;

  // ---- complaints ----
  Problem &report(mlir::Location loc, ErrorId id, const llvm::Twine &message) {
    return diagnosis.report(loc, id, message);
  }
  // "expected WHAT, found SHAPE" at the op, with a note where `value` comes from.
  llvm::LogicalResult reportShape(mlir::Value value, const llvm::Twine &expected, const llvm::Twine &help);

  // The shapes of q, k and v, the first three operands, each [B, T, H, d]; nothing after a report.
  std::optional<QkvShapes> queryKeyValueShapes();

  // The value of `reset`, if there is one, must be flags.
  llvm::LogicalResult checkReset();

  // ---- what may follow a layer's own work: act, scale, residual, in this order ----
  llvm::LogicalResult checkTail(const Shape &result);
  mlir::Value emitTail(GraphEmitter &emitter, mlir::Value x);

  static constexpr int64_t kMaxCount = (1ll << 31) - 1;
  static constexpr int64_t kMaxHeads = 1 << 16; // heads and head widths become tables

private:
  void declare(llvm::StringRef clause, llvm::ArrayRef<int64_t> dims, llvm::ArrayRef<int64_t> matrix,
               Initial fallback);
  std::optional<double> finite(spec::ExprAttr expr, const Scope &scope) const;

  mlir::Operation *operation;
  mlir::ArrayAttr clauses;
  mlir::OperandRange leading;
  const Values &values;
  WeightTable &weights;
  Diagnosis &diagnosis;
};

} // namespace rondo

#include "frontends/spec/layers/GraphLayerOpInterface.h.inc"
