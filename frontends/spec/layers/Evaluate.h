// Values of expressions.
#pragma once

#include "dialects/spec/Spec.h"
#include "llvm/ADT/StringMap.h"

#include <optional>

namespace rondo {

// What names in an expression stand for: hyper-parameters (`@width`) and words (`head`, `layer`).
struct Scope {
  llvm::StringMap<double> hypers;
  llvm::StringMap<double> words;
};

// The functions and operators of expressions.
struct FunctionInfo {
  llvm::StringRef name;
  unsigned arity;
  double (*apply)(double a, double b);
};
llvm::ArrayRef<FunctionInfo> functions();
const FunctionInfo *findFunction(llvm::StringRef name, size_t arity);

// The value of `expr`, or none if it is not a number or names something outside of `scope`. May be infinite
// or NaN.
std::optional<double> evaluate(spec::ExprAttr expr, const Scope &scope);

// `expr` with every part that `scope` determines replaced by its number.
spec::ExprAttr fold(spec::ExprAttr expr, const Scope &scope);

// A number as people write it.
std::string formatNumber(double value);

} // namespace rondo
