// The parameters that a model declares while its layers are walked: one entry per name.
#pragma once

#include "dialects/rondo/RondoAttrs.h"
#include "frontends/spec/layers/Diagnosis.h"
#include "frontends/spec/layers/Evaluate.h"
#include "llvm/ADT/MapVector.h"

namespace rondo {

// Initial values, evaluated.
struct Initial {
  InitKind kind;
  double value; // the constant, the standard deviation, the bound of the uniform distribution
  bool operator==(const Initial &) const = default;
};

// One use of a parameter, or what all its uses agree on.
struct Weight {
  std::string name;
  llvm::SmallVector<int64_t, 2> dims; // [N, K] as checkpoints store it, or [n]
  std::optional<Initial> initial;     // none: this use does not state it
  std::optional<bool> decay;
  std::optional<ParameterGroup> group;
  llvm::SmallVector<std::string, 1> aliases;
  mlir::Location loc; // of the clause that declares it

  // What holds where no use states it: matrices decay, vectors do not; every parameter is trainable.
  bool decays() const { return decay.value_or(dims.size() > 1); }
  ParameterGroup parameterGroup() const { return group.value_or(ParameterGroup::Trainable); }
};

class WeightTable {
public:
  // Adds a use. Uses of one name must agree on dimensions and on what they state; `fallback` is the initial
  // value of a parameter for which no use states one (the first user's habit).
  void use(Weight weight, Initial fallback, Diagnosis &diagnosis);
  // Names must be unique over weights and aliases. Call once, at the end.
  void checkNames(Diagnosis &diagnosis) const;

  struct Entry {
    Weight weight;
    Initial fallback;
    Initial initial() const { return weight.initial.value_or(fallback); }
  };
  // In order of first use.
  const llvm::MapVector<mlir::StringRef, Entry> &entries() const { return table; }

private:
  llvm::MapVector<mlir::StringRef, Entry> table;
  llvm::BumpPtrAllocator names;
};

// The words and functions that state initial values.
llvm::ArrayRef<llvm::StringRef> initialNames();
bool isInitial(spec::ExprAttr expr);

// Evaluates `xavier(gain = E)` and its like; none if an argument has no value. `matrix` are the dimensions
// that give fan out and fan in: a parameter's own, or for a bias its weight's.
std::optional<Initial> evaluateInitial(spec::ExprAttr expr, llvm::ArrayRef<int64_t> matrix,
                                       const Scope &scope);

} // namespace rondo
