// Inlines block instances.
#include "frontends/spec/Unroll.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace mlir;
using namespace rondo;
using spec::ClauseAttr;
using spec::ExprAttr;
using spec::ExprKind;

namespace {
// Where an op stands: the prefix of its weights and what `layer` is.
struct Instance {
  std::string prefix;
  StringAttr name; // "layers.3"; null at the top of the model
  Scope scope;
};

class Unroller {
public:
  Unroller(spec::ModelOp model, unsigned instances, Diagnosis &diagnosis)
      : model(model), builder(model.getContext()), instances(instances), diagnosis(diagnosis) {}

  void run(const Scope &scope);

private:
  static constexpr unsigned kMaxInstances = 1 << 16;
  static constexpr unsigned kMaxOps = 1 << 20;

  void copy(Operation &op, const Instance &instance, IRMapping &mapping);
  void expand(spec::LayerOpInterface user, StringRef callee, const Instance &outer, IRMapping &mapping);
  unsigned times(spec::LayerOpInterface user, const Instance &outer);
  std::optional<SmallVector<Value>> inlineBlock(spec::BlockOp block, ValueRange args,
                                                const Instance &instance);
  Value unknown(Location loc);

  spec::ModelOp model;
  OpBuilder builder;
  unsigned instances;
  Diagnosis &diagnosis;
  unsigned made = 0;   // instances in all
  unsigned copied = 0; // ops in all
  unsigned depth = 0;  // of blocks in blocks
};
} // namespace

// Numbers in place of expressions, full names in place of weight suffixes.
static ArrayAttr foldClauses(ArrayAttr clauses, const Instance &instance) {
  MLIRContext *context = clauses.getContext();
  SmallVector<Attribute> folded;
  for (ClauseAttr clause : clauses.getAsRange<ClauseAttr>()) {
    SmallVector<ExprAttr> args;
    for (ExprAttr arg : clause.getArgs())
      args.push_back(fold(arg, instance.scope));
    bool name = clause.getName() == "weight" || clause.getName() == "bias" || clause.getName() == "alias";
    if (name && !args.empty() && args[0].is(ExprKind::String))
      args[0] = ExprAttr::text(ExprKind::String, instance.prefix + args[0].getText().str(), args[0].getLoc());
    folded.push_back(ClauseAttr::get(context, clause.getName(), args, clause.getLoc()));
  }
  return ArrayAttr::get(context, folded);
}

void Unroller::run(const Scope &scope) {
  // Copies stand after the last op of the text; the originals go at the end.
  SmallVector<Operation *> originals;
  for (Operation &op : model.getBody().front())
    originals.push_back(&op);
  builder.setInsertionPointToEnd(&model.getBody().front());
  Instance top{"", {}, scope};
  IRMapping mapping;
  for (Operation *op : originals)
    if (!isa<spec::BlockOp, spec::PresetOp, spec::RequireOp>(op))
      copy(*op, top, mapping);
  for (Operation *op : llvm::reverse(originals)) {
    op->dropAllUses();
    op->erase();
  }
}

Value Unroller::unknown(Location loc) {
  return spec::UndefinedOp::create(builder, loc, spec::ValueType::get(builder.getContext()),
                                   builder.getStringAttr(""));
}

void Unroller::copy(Operation &op, const Instance &instance, IRMapping &mapping) {
  if (auto call = dyn_cast<spec::CallOp>(op))
    return expand(call, call.getCallee(), instance, mapping);
  if (auto repeat = dyn_cast<spec::RepeatOp>(op))
    return expand(repeat, repeat.getCallee(), instance, mapping);
  // Models in models are reported with the structure. A copy would still use values of the
  // originals, which go; what uses its results gets unknown ones.
  if (op.getNumRegions() != 0)
    return;
  if (++copied >= kMaxOps) {
    if (copied == kMaxOps)
      diagnosis
          .report(op.getLoc(), ErrorId::SpecValue,
                  "expected a model of at most " + Twine(kMaxOps) + " ops, found more")
          .help("lower the counts in 'times'");
    return;
  }
  for (Value operand : op.getOperands())
    if (!mapping.contains(operand))
      mapping.map(operand, unknown(operand.getLoc()));
  Operation *clone = builder.clone(op, mapping);
  if (auto clauses = op.getAttrOfType<ArrayAttr>("clauses"))
    clone->setAttr("clauses", foldClauses(clauses, instance));
  if (auto hyper = dyn_cast<spec::HyperOp>(clone))
    if (auto bound = instance.scope.hypers.find(hyper.getSymName()); bound != instance.scope.hypers.end())
      hyper.setValueAttr(ExprAttr::number(bound->second, hyper.getValue().getLoc()));
  if (instance.name) {
    clone->setAttr("instance", instance.name);
    clone->setLoc(NameLoc::get(instance.name, op.getLoc()));
  }
}

unsigned Unroller::times(spec::LayerOpInterface user, const Instance &outer) {
  ClauseAttr clause = spec::findClause(user.getClauses(), "times");
  if (!clause || clause.getArgs().empty())
    return 1;
  std::optional<double> count = evaluate(clause.getArgs()[0], outer.scope);
  if (!count)
    return 1;
  if (*count != std::floor(*count) || *count < 1 || *count > kMaxInstances - made) {
    diagnosis
        .report(clause.getArgs()[0].getLoc(), ErrorId::SpecValue,
                "expected a whole number from 1 to " + Twine(kMaxInstances - made) + " in 'times', found " +
                    formatNumber(*count))
        .help("a model has at most " + Twine(kMaxInstances) + " block instances");
    return 1;
  }
  return instances ? std::min<unsigned>(instances, *count) : *count;
}

// `prefix` with "{layer}" replaced.
static std::string instancePrefix(StringRef pattern, unsigned layer) {
  std::string prefix = pattern.str(), number = std::to_string(layer);
  for (size_t at; (at = prefix.find("{layer}")) != std::string::npos;)
    prefix.replace(at, strlen("{layer}"), number);
  return prefix;
}

void Unroller::expand(spec::LayerOpInterface user, StringRef callee, const Instance &outer,
                      IRMapping &mapping) {
  spec::BlockOp block;
  for (auto candidate : model.getBody().getOps<spec::BlockOp>())
    if (candidate.getSymName() == callee)
      block = candidate;
  SmallVector<Value> args;
  for (Value operand : user->getOperands())
    args.push_back(mapping.contains(operand) ? mapping.lookup(operand) : unknown(operand.getLoc()));

  StringRef names;
  if (ClauseAttr clause = spec::findClause(user.getClauses(), "names"))
    if (!clause.getArgs().empty() && clause.getArgs()[0].is(ExprKind::String))
      names = clause.getArgs()[0].getText();
  std::optional<SmallVector<Value>> results;
  for (unsigned layer = 0, count = block ? times(user, outer) : 0; layer < count; ++layer) {
    Instance inner = {outer.prefix + instancePrefix(names, layer), outer.name, outer.scope};
    if (isa<spec::RepeatOp>(user.getOperation()) || !inner.scope.words.contains("layer"))
      inner.scope.words["layer"] = layer;
    if (StringRef label = StringRef(inner.prefix).rtrim('.'); !label.empty())
      inner.name = builder.getStringAttr(label);
    results = inlineBlock(block, args, inner);
    if (!results || results->size() > args.size())
      break;
    llvm::copy(*results, args.begin());
  }
  for (auto [i, result] : llvm::enumerate(user->getResults()))
    mapping.map(result, results && i < results->size() ? (*results)[i] : unknown(result.getLoc()));
}

std::optional<SmallVector<Value>> Unroller::inlineBlock(spec::BlockOp block, ValueRange args,
                                                        const Instance &instance) {
  if (depth == spec::kMaxDepth || made >= kMaxInstances || args.size() != block.getBody().getNumArguments())
    return std::nullopt; // reported with the structure: recursion, argument counts
  ++depth, ++made;
  IRMapping mapping;
  mapping.map(block.getBody().getArguments(), args);
  std::optional<SmallVector<Value>> results;
  for (Operation &op : block.getBody().front()) {
    if (auto yield = dyn_cast<spec::YieldOp>(op)) {
      results.emplace();
      for (Value value : yield.getValues())
        results->push_back(mapping.contains(value) ? mapping.lookup(value) : unknown(value.getLoc()));
      break;
    }
    copy(op, instance, mapping);
  }
  --depth;
  return results;
}

void rondo::unroll(spec::ModelOp model, const Scope &scope, unsigned instances, Diagnosis &diagnosis) {
  Unroller(model, instances, diagnosis).run(scope);
}
