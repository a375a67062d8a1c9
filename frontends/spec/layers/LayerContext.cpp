// Evaluates clauses with their limits, and the tail that layers share.
#include "frontends/spec/layers/LayerContext.h"

#include <cmath>

using namespace mlir;
using namespace rondo;
using spec::ClauseAttr;
using spec::ExprAttr;
using spec::ExprKind;

#include "frontends/spec/layers/GraphLayerOpInterface.cpp.inc"

const Shape *LayerContext::shape(Value value) const {
  auto found = values.find(value);
  return found == values.end() || !found->second.shape ? nullptr : &*found->second.shape;
}

Location LayerContext::clauseLoc(StringRef clause) const {
  ClauseAttr found = find(clause);
  return found ? Location(found.getLoc()) : loc();
}

// ---- numbers
// ------------------------------------------------------------------------------------------------------

std::optional<double> LayerContext::finite(ExprAttr expr, const Scope &scope) const {
  std::optional<double> value = evaluate(expr, scope);
  if (value && !std::isfinite(*value)) {
    diagnosis
        .report(expr.getLoc(), ErrorId::SpecValue,
                "expected a finite number, found '" + expr.str() + "' = " + formatNumber(*value))
        .help("check for a division by zero, and the arguments of log, sqrt and pow");
    return std::nullopt;
  }
  return value;
}

std::optional<double> LayerContext::number(StringRef clause, unsigned arg) const {
  ClauseAttr found = find(clause);
  if (!found || found.getArgs().size() <= arg)
    return std::nullopt;
  return finite(found.getArgs()[arg], {});
}

std::optional<int64_t> LayerContext::count(StringRef clause, int64_t limit) const {
  std::optional<double> value = number(clause);
  if (!value)
    return std::nullopt;
  if (*value != std::floor(*value) || *value < 1 || *value > double(limit)) {
    diagnosis
        .report(find(clause).getArgs()[0].getLoc(), ErrorId::SpecValue,
                "expected a whole number from 1 to " + Twine(limit) + " in '" + clause + "', found " +
                    formatNumber(*value))
        .help("change the expression or the hyper-parameters in it; floordiv divides whole numbers");
    return std::nullopt;
  }
  return static_cast<int64_t>(*value);
}

StringRef LayerContext::word(StringRef clause) const {
  ClauseAttr found = find(clause);
  if (!found || found.getArgs().empty() || !found.getArgs()[0].is(ExprKind::Word))
    return {};
  return found.getArgs()[0].getText();
}

Value LayerContext::value(StringRef clause) const {
  ClauseAttr found = find(clause);
  if (!found || found.getArgs().empty() || !found.getArgs()[0].is(ExprKind::Operand))
    return {};
  return op()->getOperand(found.getArgs()[0].getOperandIndex());
}

std::optional<SmallVector<double>>
LayerContext::series(StringRef clause, StringRef word, int64_t n,
                     ArrayRef<std::pair<StringRef, double>> constants) const {
  ClauseAttr found = find(clause);
  if (!found || found.getArgs().empty())
    return std::nullopt;
  ExprAttr expr = found.getArgs()[0];
  bool list = expr.is(ExprKind::List);
  if (list && expr.size() != size_t(n)) {
    diagnosis
        .report(expr.getLoc(), ErrorId::SpecShape,
                "expected " + Twine(n) + " values in '" + clause + "', one per " + word + ", found " +
                    Twine(expr.size()))
        .help("give one value per " + word + ", or an expression in '" + word + "'");
    return std::nullopt;
  }
  Scope scope;
  for (auto [name, value] : constants)
    scope.words[name] = value;
  SmallVector<double> series;
  for (int64_t i = 0; i < n; ++i) {
    scope.words[word] = i;
    std::optional<double> value = finite(list ? expr[i] : expr, scope);
    if (!value)
      return std::nullopt;
    series.push_back(*value);
  }
  return series;
}

// ---- weights
// ------------------------------------------------------------------------------------------------------

static bool namesWeight(ClauseAttr clause) {
  return clause && !clause.getArgs().empty() && clause.getArgs()[0].is(ExprKind::String);
}

Value LayerContext::getWeight(GraphEmitter &emitter, ArrayRef<int64_t> dims) const {
  ClauseAttr clause = find("weight");
  return namesWeight(clause) ? emitter.getWeight(clause.getArgs()[0].getText(), dims, loc()) : Value();
}

Value LayerContext::addBias(GraphEmitter &emitter, Value x) const {
  ClauseAttr clause = find("bias");
  if (!namesWeight(clause))
    return x;
  int64_t size = cast<RankedTensorType>(x.getType()).getShape().back();
  Value bias = emitter.getWeight(clause.getArgs()[0].getText(), {size}, loc());
  return AddBiasOp::create(emitter.builder(), loc(), x.getType(), x, bias);
}

void LayerContext::declareWeight(ArrayRef<int64_t> dims, Initial fallback) {
  declare("weight", dims, dims, fallback);
}

void LayerContext::declareBias(int64_t size, ArrayRef<int64_t> matrix, Initial fallback) {
  declare("bias", {size}, matrix, fallback);
}

void LayerContext::declare(StringRef name, ArrayRef<int64_t> dims, ArrayRef<int64_t> matrix,
                           Initial fallback) {
  ClauseAttr clause = find(name);
  if (!namesWeight(clause))
    return;
  Weight weight = {
      clause.getArgs()[0].getText().str(), SmallVector<int64_t, 2>(dims), {}, {}, {}, {}, clause.getLoc()};
  for (ExprAttr arg : clause.getArgs().drop_front()) {
    if (isInitial(arg)) {
      weight.initial = evaluateInitial(arg, matrix, {});
      if (weight.initial && !std::isfinite(weight.initial->value)) {
        report(arg.getLoc(), ErrorId::SpecValue,
               "expected finite initial values, found '" + arg.str() +
                   "' = " + formatNumber(weight.initial->value))
            .help("check for a division by zero, and the arguments of log, sqrt and pow");
        weight.initial.reset();
      }
    } else if (arg.isWord("decay") || arg.isWord("no_decay")) {
      weight.decay = arg.isWord("decay");
    } else if (arg.isWord("frozen") || arg.isWord("optional")) {
      weight.group = arg.isWord("frozen") ? ParameterGroup::Frozen : ParameterGroup::Optional;
    }
  }
  if (ClauseAttr alias = find("alias");
      name == "weight" && alias && !alias.getArgs().empty() && alias.getArgs()[0].is(ExprKind::String))
    weight.aliases.push_back(alias.getArgs()[0].getText().str());
  weights.use(std::move(weight), fallback, diagnosis);
}

// ---- shapes
// -------------------------------------------------------------------------------------------------------

LogicalResult LayerContext::reportShape(Value value, const Twine &expected, const Twine &help) {
  const Shape *found = shape(value);
  if (!found)
    return failure(); // reported where it went wrong
  StringRef name = op()->getName().stripDialect();
  report(loc(), ErrorId::SpecShape, name + ": expected " + expected + ", found " + found->str())
      .note(value.getLoc(), "the value " + found->str() + " comes from here")
      .help(help);
  return failure();
}

std::optional<QkvShapes> LayerContext::queryKeyValueShapes() {
  const Shape *shapes[3];
  LogicalResult fits = success();
  for (unsigned i = 0; i < 3; ++i) {
    shapes[i] = shape(operand(i));
    if (shapes[i] && (!shapes[i]->isNumbers(2) || shapes[i]->dims[0] > kMaxHeads))
      fits = reportShape(operand(i), "q, k and v as [B, T, H, d]",
                         "split the width with heads(COUNT) where the value is made");
  }
  if (failed(fits) || !shapes[0] || !shapes[1] || !shapes[2])
    return std::nullopt;
  return QkvShapes{shapes[0], shapes[1], shapes[2]};
}

LogicalResult LayerContext::checkReset() {
  Value reset = value("reset");
  const Shape *flags = reset ? shape(reset) : nullptr;
  if (!flags || flags->kind == Shape::Kind::Flags)
    return success();
  return reportShape(reset, "flags [B, T] in 'reset'", "an input declared with flags gives flags");
}

LogicalResult LayerContext::checkTail(const Shape &result) {
  // Evaluated for its complaints.
  (void)number("scale");
  (void)number("residual", 1);
  Value residual = value("residual");
  if (!residual)
    return success();
  const Shape *found = shape(residual);
  if (found && *found == result)
    return success();
  return reportShape(residual, "a residual of the result's shape " + result.str(),
                     "make both widths equal: 'to' sets the width of a linear");
}

Value LayerContext::emitTail(GraphEmitter &emitter, Value x) {
  OpBuilder &builder = emitter.builder();
  if (StringRef act = word("act"); !act.empty())
    x = ActivationOp::create(builder, loc(), x.getType(), *symbolizeActivation(act), x);
  x = emitter.scale(x, number("scale").value_or(1), loc());
  if (Value residual = value("residual")) {
    Value skip = emitter.scale(graph(residual), number("residual", 1).value_or(1), loc());
    x = AddOp::create(builder, loc(), x.getType(), skip, x);
  }
  return x;
}
