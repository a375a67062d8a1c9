// Evaluates and folds expressions, in f64. Depth is bounded by the parser.
#include "frontends/spec/layers/Evaluate.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace rondo;
using spec::ExprAttr;
using spec::ExprKind;

static double floorMod(double a, double b) { return a - b * std::floor(a / b); }

ArrayRef<FunctionInfo> rondo::functions() {
  static constexpr FunctionInfo table[] = {
      {"+", 2, [](double a, double b) { return a + b; }},
      {"-", 2, [](double a, double b) { return a - b; }},
      {"*", 2, [](double a, double b) { return a * b; }},
      {"/", 2, [](double a, double b) { return a / b; }},
      {"mod", 2, floorMod},
      {"floordiv", 2, [](double a, double b) { return std::floor(a / b); }},
      {"==", 2, [](double a, double b) { return double(a == b); }},
      {"<", 2, [](double a, double b) { return double(a < b); }},
      {"<=", 2, [](double a, double b) { return double(a <= b); }},
      {">", 2, [](double a, double b) { return double(a > b); }},
      {">=", 2, [](double a, double b) { return double(a >= b); }},
      {"and", 2, [](double a, double b) { return double(a != 0 && b != 0); }},
      {"or", 2, [](double a, double b) { return double(a != 0 || b != 0); }},
      {"-", 1, [](double a, double) { return -a; }},
      {"pow", 2, [](double a, double b) { return std::pow(a, b); }},
      {"min", 2, [](double a, double b) { return std::min(a, b); }},
      {"max", 2, [](double a, double b) { return std::max(a, b); }},
      {"exp", 1, [](double a, double) { return std::exp(a); }},
      {"log", 1, [](double a, double) { return std::log(a); }},
      {"log1p", 1, [](double a, double) { return std::log1p(a); }},
      {"sqrt", 1, [](double a, double) { return std::sqrt(a); }},
      {"rsqrt", 1, [](double a, double) { return 1 / std::sqrt(a); }},
  };
  return table;
}

const FunctionInfo *rondo::findFunction(StringRef name, size_t arity) {
  for (const FunctionInfo &function : functions())
    if (function.name == name && function.arity == arity)
      return &function;
  return nullptr;
}

static std::optional<double> lookup(const llvm::StringMap<double> &names, StringRef name) {
  auto found = names.find(name);
  return found == names.end() ? std::nullopt : std::optional<double>(found->second);
}

std::optional<double> rondo::evaluate(ExprAttr expr, const Scope &scope) {
  switch (expr.getKind()) {
  case ExprKind::Number:
    return expr.getNumber();
  case ExprKind::Word:
    return lookup(scope.words, expr.getText());
  case ExprKind::Hyper:
    return lookup(scope.hypers, expr.getText());
  case ExprKind::Apply: {
    const FunctionInfo *function = findFunction(expr.getText(), expr.size());
    if (!function)
      return std::nullopt;
    std::optional<double> a = evaluate(expr[0], scope);
    std::optional<double> b = function->arity == 2 ? evaluate(expr[1], scope) : 0.0;
    if (!a || !b)
      return std::nullopt;
    return function->apply(*a, *b);
  }
  case ExprKind::String:
  case ExprKind::Operand:
  case ExprKind::List:
  case ExprKind::Named:
    return std::nullopt;
  }
}

ExprAttr rondo::fold(ExprAttr expr, const Scope &scope) {
  // What is not finite stays as written: whoever needs its value reports it where it stands.
  if (std::optional<double> value = evaluate(expr, scope); value && std::isfinite(*value))
    return ExprAttr::number(*value, expr.getLoc());
  if (expr.getArgs().empty())
    return expr;
  SmallVector<Attribute> args;
  for (Attribute arg : expr.getArgs())
    args.push_back(fold(cast<ExprAttr>(arg), scope));
  return ExprAttr::node(expr.getKind(), expr.getText(), args, expr.getLoc());
}

std::string rondo::formatNumber(double value) {
  if (std::isnan(value))
    return "no number";
  if (std::isinf(value))
    return value > 0 ? "infinity" : "minus infinity";
  char text[32];
  snprintf(text, sizeof text, std::abs(value) < 1e15 && value == std::floor(value) ? "%.0f" : "%.6g", value);
  return text;
}
