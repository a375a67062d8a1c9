// Binds hyper-parameters and holds them against their ranges and requirements.
#include "frontends/spec/Hypers.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace mlir;
using namespace rondo;
using spec::ExprAttr;
using spec::ExprKind;

namespace {
// A value that replaces a default, and where it comes from.
struct Setting {
  double value;
  Location loc;
  std::string origin; // "preset 'tiny'", "-D width=63"
};

class Binder {
public:
  Binder(spec::ModelOp model, Diagnosis &diagnosis) : model(model), diagnosis(diagnosis) {
    for (auto hyper : model.getBody().getOps<spec::HyperOp>())
      names.push_back(hyper.getSymName());
  }

  void applyPreset(StringRef name);
  void applyCommandLine(StringRef name, StringRef text);
  void bind(spec::HyperOp hyper);
  void checkRange(spec::HyperOp hyper, double value);
  void checkRequirement(spec::RequireOp require);
  Scope takeScope() { return std::move(scope); }

private:
  spec::ModelOp model;
  Diagnosis &diagnosis;
  SmallVector<StringRef> names;
  llvm::StringMap<Setting> settings;
  Scope scope;
};
} // namespace

void Binder::applyPreset(StringRef name) {
  SmallVector<StringRef> presets;
  for (auto preset : model.getBody().getOps<spec::PresetOp>()) {
    presets.push_back(preset.getName());
    if (preset.getName() != name)
      continue;
    for (ExprAttr entry : preset.getValues().getAsRange<ExprAttr>())
      if (std::optional<double> value = evaluate(entry[0], {}))
        settings.insert_or_assign(entry.getText(),
                                  Setting{*value, entry.getLoc(), ("preset '" + name + "'").str()});
    return;
  }
  diagnosis.report(model.getLoc(), ErrorId::SpecPreset, "expected a preset of the spec, found '" + name + "'")
      .help(suggest(name, presets, presets.empty() ? "the spec has no presets" : "presets: "));
}

void Binder::applyCommandLine(StringRef name, StringRef text) {
  std::string origin = ("-D " + name + "=" + text).str();
  double value;
  if (!llvm::is_contained(names, name)) {
    diagnosis
        .report(model.getLoc(), ErrorId::SpecPreset,
                "expected a hyper-parameter of the spec, found '" + origin + "'")
        .help(suggest(name, names, "hyper-parameters: "));
  } else if (text.trim().getAsDouble(value) || !std::isfinite(value)) {
    diagnosis.report(model.getLoc(), ErrorId::SpecRange, "expected a number, found '" + origin + "'")
        .help("write -D " + name + "=8 or -D " + name + "=1e-6");
  } else {
    settings.insert_or_assign(name, Setting{value, model.getLoc(), origin});
  }
}

void Binder::bind(spec::HyperOp hyper) {
  std::optional<double> value;
  if (auto set = settings.find(hyper.getSymName()); set != settings.end())
    value = set->second.value;
  else
    value = evaluate(hyper.getValue(), scope);
  if (!value)
    return; // the expression itself is wrong
  checkRange(hyper, *value);
  scope.hypers[hyper.getSymName()] = *value;
}

void Binder::checkRange(spec::HyperOp hyper, double value) {
  std::optional<double> low = hyper.getLowAttr() ? evaluate(hyper.getLowAttr(), scope) : -HUGE_VAL;
  std::optional<double> high = hyper.getHighAttr() ? evaluate(hyper.getHighAttr(), scope) : HUGE_VAL;
  if (!low || !high || (value >= *low && value <= *high && std::isfinite(value)))
    return;
  std::string range = "a finite number";
  if (hyper.getLowAttr())
    range = "a value in [" + formatNumber(*low) + ", " + formatNumber(*high) + "]";
  StringRef name = hyper.getSymName();
  Problem &problem =
      diagnosis.report(hyper.getLoc(), ErrorId::SpecRange,
                       "expected " + range + " for @" + name + ", found " + formatNumber(value));
  if (auto set = settings.find(name); set != settings.end())
    problem.note(set->second.loc, "set by " + set->second.origin);
  else
    problem.note(hyper.getLoc(), "this is the default " + hyper.getValue().str());
  problem.help("set it with -D " + name + "=VALUE inside the range");
}

// The hyper-parameters that `expr` names.
static void collectHypers(ExprAttr expr, llvm::SetVector<StringRef> &names) {
  if (expr.is(ExprKind::Hyper))
    names.insert(expr.getText());
  for (Attribute arg : expr.getArgs())
    collectHypers(cast<ExprAttr>(arg), names);
}

void Binder::checkRequirement(spec::RequireOp require) {
  std::optional<double> holds = evaluate(require.getCondition(), scope);
  if (!holds || *holds == 1)
    return;
  llvm::SetVector<StringRef> involved;
  collectHypers(require.getCondition(), involved);
  SmallVector<std::string> values;
  for (StringRef name : involved)
    values.push_back(("@" + name + " = " + formatNumber(scope.hypers.lookup(name))).str());
  std::string found = llvm::join(values, ", ");
  Problem &problem = diagnosis.report(require.getLoc(), ErrorId::SpecRequire,
                                      "expected " + require.getCondition().str() + ", found " +
                                          (found.empty() ? std::string("that it does not hold") : found));
  problem.note(require.getLoc(), require.getMessage());
  for (StringRef name : involved)
    if (auto set = settings.find(name); set != settings.end())
      problem.note(set->second.loc, "@" + name + " is set by " + set->second.origin);
  problem.help("change " + (involved.empty() ? std::string("the requirement")
                                             : "the hyper-parameters with -D NAME=VALUE"));
}

Scope rondo::bindHypers(spec::ModelOp model, const SpecSettings &settings, Diagnosis &diagnosis) {
  Binder binder(model, diagnosis);
  if (!settings.preset.empty())
    binder.applyPreset(settings.preset);
  for (const auto &[name, text] : settings.hypers)
    binder.applyCommandLine(name, text);
  for (auto hyper : model.getBody().getOps<spec::HyperOp>())
    binder.bind(hyper);
  for (auto require : model.getBody().getOps<spec::RequireOp>())
    binder.checkRequirement(require);
  return binder.takeScope();
}
