// Declares parameters, evaluates their initial values and reports uses that disagree.
#include "frontends/spec/layers/Weights.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace mlir;
using namespace rondo;
using spec::ExprAttr;
using spec::ExprKind;

ArrayRef<StringRef> rondo::initialNames() {
  static constexpr StringRef names[] = {"ones",    "zeros",   "constant", "normal",
                                        "uniform", "kaiming", "xavier"};
  return names;
}

bool rondo::isInitial(ExprAttr expr) {
  return (expr.is(ExprKind::Word) || expr.is(ExprKind::Apply)) &&
         llvm::is_contained(initialNames(), expr.getText());
}

// Distributions as torch.nn.init defines them; fan in and fan out are the columns and rows of [N, K].
std::optional<Initial> rondo::evaluateInitial(ExprAttr expr, ArrayRef<int64_t> matrix, const Scope &scope) {
  double fanOut = matrix.front(), fanIn = matrix.back();
  std::optional<double> argument = 1.0;
  if (expr.is(ExprKind::Apply) && expr.size() > 0)
    argument = evaluate(expr[0].is(ExprKind::Named) ? expr[0][0] : expr[0], scope);
  if (!argument)
    return std::nullopt;
  StringRef name = expr.getText();
  if (name == "zeros")
    return Initial{InitKind::Constant, 0};
  if (name == "ones" || name == "constant")
    return Initial{InitKind::Constant, *argument};
  if (name == "normal")
    return Initial{InitKind::Normal, *argument};
  if (name == "uniform")
    return Initial{InitKind::Uniform, *argument};
  if (name == "kaiming") // torch.nn.Linear's own: kaiming_uniform with a = sqrt(5)
    return Initial{InitKind::Uniform, *argument / std::sqrt(fanIn)};
  return Initial{InitKind::Uniform, *argument * std::sqrt(6 / (fanIn + fanOut))};
}

static std::string dimsText(ArrayRef<int64_t> dims) {
  std::string text = "[";
  for (auto [i, dim] : llvm::enumerate(dims))
    text += (i ? ", " : "") + std::to_string(dim);
  return text + "]";
}

// Takes over what `use` states; reports where `known` states something else.
template <typename T>
static void agree(std::optional<T> &known, const std::optional<T> &stated, StringRef what,
                  const Weight &first, const Weight &use, Diagnosis &diagnosis) {
  if (known && stated && !(*known == *stated))
    diagnosis
        .report(use.loc, ErrorId::SpecValue,
                "expected one " + what + " for '" + use.name + "', found another than at its first use")
        .note(first.loc, "first used here")
        .help("state it at one use only");
  if (!known)
    known = stated;
}

void WeightTable::use(Weight weight, Initial fallback, Diagnosis &diagnosis) {
  auto found = table.find(weight.name);
  if (found == table.end()) {
    StringRef key = StringRef(weight.name).copy(names);
    table.insert({key, Entry{std::move(weight), fallback}});
    return;
  }
  Weight &known = found->second.weight;
  if (known.dims != weight.dims) {
    diagnosis
        .report(weight.loc, ErrorId::SpecShape,
                "expected '" + weight.name + "' to be " + dimsText(known.dims) + ", found a use as " +
                    dimsText(weight.dims))
        .note(known.loc, "first used here as " + dimsText(known.dims))
        .help("two uses of one name are one parameter; use another name or make the dimensions equal");
    return;
  }
  agree(known.initial, weight.initial, "initial value", known, weight, diagnosis);
  agree(known.decay, weight.decay, "weight-decay group", known, weight, diagnosis);
  agree(known.group, weight.group, "parameter group", known, weight, diagnosis);
  for (std::string &alias : weight.aliases)
    if (!llvm::is_contained(known.aliases, alias))
      known.aliases.push_back(alias);
}

void WeightTable::checkNames(Diagnosis &diagnosis) const {
  llvm::StringMap<Location> seen;
  for (const auto &[name, entry] : table)
    seen.try_emplace(name, entry.weight.loc);
  for (const auto &[name, entry] : table)
    for (const std::string &alias : entry.weight.aliases)
      if (auto [other, added] = seen.try_emplace(alias, entry.weight.loc); !added)
        diagnosis
            .report(entry.weight.loc, ErrorId::SpecName,
                    "expected an alias of its own for '" + name + "', found '" + alias + "' in use")
            .note(other->second, "'" + alias + "' stands here")
            .help(
                "an alias is another name of one parameter; to tie two uses give both the same weight name");
}
