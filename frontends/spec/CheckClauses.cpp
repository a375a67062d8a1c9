// Holds every op against its signature: operands, clauses, and the form of each argument.
#include "frontends/spec/CheckStructure.h"
#include "frontends/spec/layers/Weights.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace rondo;
using spec::ClauseAttr;
using spec::ClauseInfo;
using spec::ClauseKind;
using spec::ExprAttr;
using spec::ExprKind;

static constexpr unsigned kMaxLaunchArguments = 256;

static std::string countText(unsigned n, StringRef noun) {
  return (Twine(n) + " " + noun + (n == 1 ? "" : "s")).str();
}

//===--- ops
//---------------------------------------------------------------------------------------------------===//

void StructureCheck::checkUnknownOp(Operation &op) {
  static constexpr StringRef internal[] = {"unknown", "undefined"};
  SmallVector<StringRef> known;
  for (RegisteredOperationName name : op.getContext()->getRegisteredOperationsByDialect("spec"))
    if (!llvm::is_contained(internal, name.stripDialect()))
      known.push_back(name.stripDialect());
  llvm::sort(known);
  auto unknown = dyn_cast<spec::UnknownOp>(op);
  std::string found = unknown ? ("spec." + unknown.getName()).str() : op.getName().getStringRef().str();
  diagnosis.report(op.getLoc(), ErrorId::SpecOp, "expected an op of the spec language, found '" + found + "'")
      .help(suggest(unknown ? unknown.getName() : op.getName().stripDialect(), known, "ops: "));
}

void StructureCheck::checkLayer(spec::LayerOpInterface layer) {
  const spec::Signature &signature = layer.getSignature();
  StringRef name = layer->getName().stripDialect();
  if (auto callee = layer->getAttrOfType<StringAttr>("callee")) {
    checkCall(layer, callee.getValue());
  } else {
    unsigned found = layer.getLeadingOperands().size();
    if (found < signature.minOperands || found > signature.maxOperands) {
      std::string wanted = countText(signature.minOperands, "operand");
      if (signature.minOperands != signature.maxOperands)
        wanted = (Twine(signature.minOperands) + " to " + countText(signature.maxOperands, "operand")).str();
      diagnosis
          .report(layer.getLoc(), ErrorId::SpecStructure,
                  name + ": expected " + wanted + ", found " + Twine(found))
          .help("values that are not operands stand in clauses, such as residual(%x)");
    }
    unsigned results = signature.resultPerOperand ? std::max(found, 1u) : 1;
    unsigned most = results + signature.optionalResults;
    if (layer->getNumResults() < results || layer->getNumResults() > most)
      diagnosis
          .report(layer.getLoc(), ErrorId::SpecStructure,
                  name + ": expected " + (most > results ? Twine(results) + " or " : Twine()) +
                      countText(most, "result") + ", found " + Twine(layer->getNumResults()))
          .help("name as many values on the left as the op gives");
  }
  checkClauses(layer);
}

void StructureCheck::checkCall(spec::LayerOpInterface user, StringRef callee) {
  auto found = blocks.find(callee);
  if (found == blocks.end()) {
    SmallVector<StringRef> names(blocks.keys());
    llvm::sort(names);
    diagnosis
        .report(user.getLoc(), ErrorId::SpecName, "expected a block of the spec, found '@" + callee + "'")
        .help(suggest(callee, names, names.empty() ? "the spec has no blocks" : "blocks: "));
    return;
  }
  spec::BlockOp block = found->second;
  auto mismatch = [&](StringRef what, unsigned expected, unsigned actual) {
    diagnosis
        .report(user.getLoc(), ErrorId::SpecStructure,
                "@" + callee + ": expected " + countText(expected, what) + ", found " + Twine(actual))
        .note(block.getLoc(), "@" + callee + " is defined here")
        .help("make the call fit the block");
  };
  unsigned params = block.getBody().getNumArguments();
  if (user->getNumOperands() != params)
    mismatch("argument", params, user->getNumOperands());
  auto yields = block.getBody().getOps<spec::YieldOp>();
  if (yields.empty())
    return;
  unsigned yielded = (*yields.begin())->getNumOperands();
  if (user->getNumResults() != yielded)
    mismatch("result", yielded, user->getNumResults());
  else if (isa<spec::RepeatOp>(user.getOperation()) && yielded > params)
    mismatch("parameter", yielded, params);
}

//===--- clauses
//-----------------------------------------------------------------------------------------------===//

void StructureCheck::checkClauses(spec::LayerOpInterface layer) {
  const spec::Signature &signature = layer.getSignature();
  StringRef op = layer->getName().stripDialect();
  SmallVector<StringRef> names, forms;
  for (const ClauseInfo &info : signature.clauses) {
    names.push_back(info.name);
    forms.push_back(info.form);
  }
  std::string takes = (op + " takes " + llvm::join(forms, ", ")).str();

  llvm::StringMap<Location> seen;
  for (ClauseAttr clause : layer.getClauses().getAsRange<ClauseAttr>()) {
    StringRef name = clause.getName();
    const ClauseInfo *info = signature.find(name);
    if (!info) {
      StringRef near = nearest(name, names);
      diagnosis
          .report(clause.getLoc(), ErrorId::SpecClause,
                  op + ": expected one of its clauses, found '" + name + "'")
          .help((near.empty() ? "" : "did you mean '" + near.str() + "'? ") + takes);
      continue;
    }
    if (auto [first, added] = seen.try_emplace(name, clause.getLoc()); !added)
      diagnosis
          .report(clause.getLoc(), ErrorId::SpecClause, op + ": expected '" + name + "' once, found it again")
          .note(first->second, "first given here")
          .help("remove one of them");
    checkArguments(clause, *info);
  }
  for (const ClauseInfo &info : signature.clauses)
    if (info.required && !seen.contains(info.name))
      diagnosis
          .report(layer.getLoc(), ErrorId::SpecClause,
                  op + ": expected a clause '" + info.name + "', found none")
          .help("add " + info.form + "; " + takes);
}

static StringRef describe(ExprAttr arg) {
  switch (arg.getKind()) {
  case ExprKind::String:
    return "a string";
  case ExprKind::Operand:
    return "a value";
  case ExprKind::List:
    return "a list";
  case ExprKind::Named:
    return "a named argument";
  default:
    return "an expression";
  }
}

void StructureCheck::reportArgument(Location loc, StringRef expected, StringRef found,
                                    const ClauseInfo &info) {
  diagnosis.report(loc, ErrorId::SpecValue, info.name + ": expected " + expected + ", found " + found)
      .help("write " + info.form);
}

void StructureCheck::checkArguments(ClauseAttr clause, const ClauseInfo &info) {
  ArrayRef<ExprAttr> args = clause.getArgs();
  unsigned most = info.kind == ClauseKind::Flag ? 0 : info.kind == ClauseKind::Weight ? 4 : 1;
  if (info.kind == ClauseKind::Residual || info.kind == ClauseKind::Angles)
    most = 2;
  if (info.kind == ClauseKind::Launch)
    most = kMaxLaunchArguments;
  if (args.size() > most || args.size() < std::min(most, 1u))
    return reportArgument(clause.getLoc(), most ? countText(most, "argument") : "no argument",
                          std::to_string(args.size()), info);
  switch (info.kind) {
  case ClauseKind::Flag:
    return;
  case ClauseKind::Number:
  case ClauseKind::Count:
    return checkNumber(args[0]);
  case ClauseKind::Word:
    return checkWord(args[0], info);
  case ClauseKind::Operand:
  case ClauseKind::Residual:
    if (!args[0].is(ExprKind::Operand))
      reportArgument(args[0].getLoc(), "a value", describe(args[0]), info);
    if (args.size() > 1)
      checkNumber(args[1]);
    return;
  case ClauseKind::Text:
    if (!args[0].is(ExprKind::String) || args[0].getText().empty())
      reportArgument(args[0].getLoc(), "a string", describe(args[0]), info);
    return;
  case ClauseKind::Weight:
    return checkWeight(clause, info);
  case ClauseKind::Series:
    if (!args[0].is(ExprKind::List))
      return checkNumber(args[0], info.words);
    for (Attribute item : args[0].getArgs())
      checkNumber(cast<ExprAttr>(item));
    return;
  case ClauseKind::Angles:
    return checkAngles(clause, info);
  case ClauseKind::Launch:
    return checkLaunch(clause, info);
  }
}

// Values and `result` stand for themselves; they are no part of an expression.
void StructureCheck::checkLaunch(ClauseAttr clause, const ClauseInfo &info) {
  bool takesValues = llvm::is_contained(info.words, "result");
  ArrayRef<StringRef> sizes = info.words.drop_back(takesValues);
  for (ExprAttr arg : clause.getArgs())
    if (!takesValues || !(arg.is(ExprKind::Operand) || arg.isWord("result")))
      checkNumber(arg, sizes);
}

void StructureCheck::checkWord(ExprAttr arg, const ClauseInfo &info) {
  if (arg.is(ExprKind::Word) && llvm::is_contained(info.words, arg.getText()))
    return;
  diagnosis
      .report(arg.getLoc(), ErrorId::SpecValue,
              info.name + ": expected one of " + llvm::join(info.words, ", ") + ", found '" + arg.str() + "'")
      .help(suggest(arg.is(ExprKind::Word) ? arg.getText() : "", info.words, "it takes "));
}

void StructureCheck::checkAngles(ClauseAttr clause, const ClauseInfo &info) {
  ArrayRef<ExprAttr> args = clause.getArgs();
  bool named = args[0].is(ExprKind::Word) && llvm::is_contained(info.words, args[0].getText());
  if (!named)
    checkNumber(args[0], {"pair", "dim"});
  if (args.size() < 2)
    return;
  if (!named || !args[1].is(ExprKind::Named) || args[1].getText() != "base")
    return reportArgument(args[1].getLoc(), "base = NUMBER after a word", "'" + args[1].str() + "'", info);
  checkNumber(args[1][0]);
}

void StructureCheck::checkWeight(ClauseAttr clause, const ClauseInfo &info) {
  static constexpr StringRef groups[] = {"decay", "no_decay", "frozen", "optional"};
  ArrayRef<ExprAttr> args = clause.getArgs();
  if (!args[0].is(ExprKind::String) || args[0].getText().empty())
    reportArgument(args[0].getLoc(), "the parameter's name as a string", describe(args[0]), info);
  bool initial = false, decay = false, group = false;
  for (ExprAttr arg : args.drop_front()) {
    bool &given = isInitial(arg) ? initial : arg.isWord("decay") || arg.isWord("no_decay") ? decay : group;
    if (&given == &group && !arg.isWord("frozen") && !arg.isWord("optional")) {
      SmallVector<StringRef> words(initialNames());
      llvm::append_range(words, groups);
      StringRef name = arg.is(ExprKind::Word) || arg.is(ExprKind::Apply) ? arg.getText() : "";
      diagnosis
          .report(arg.getLoc(), ErrorId::SpecValue,
                  info.name + ": expected initial values or a group, found '" + arg.str() + "'")
          .help(suggest(name, words, "it takes "));
      continue;
    }
    if (given)
      reportArgument(arg.getLoc(), "one of its kind", "'" + arg.str() + "' after another", info);
    given = true;
    bool takesArgument = arg.is(ExprKind::Apply) && arg.size() == 1;
    if (arg.is(ExprKind::Apply) && !takesArgument)
      reportArgument(arg.getLoc(), "one number in " + arg.getText().str() + "(...)",
                     std::to_string(arg.size()), info);
    if (takesArgument)
      checkNumber(arg[0].is(ExprKind::Named) ? arg[0][0] : arg[0]);
  }
}

//===--- expressions
//-------------------------------------------------------------------------------------------===//

void StructureCheck::checkNumber(ExprAttr expr, ArrayRef<StringRef> words) {
  switch (expr.getKind()) {
  case ExprKind::Number:
    return;
  case ExprKind::Hyper:
    if (!llvm::is_contained(hypers, expr.getText()))
      diagnosis
          .report(expr.getLoc(), ErrorId::SpecName,
                  "expected a hyper-parameter defined above, found '@" + expr.getText() + "'")
          .help(suggest(expr.getText(), hypers,
                        hypers.empty() ? "the spec has none so far" : "hyper-parameters: "));
    return;
  case ExprKind::Word: {
    SmallVector<StringRef> known(words);
    if (inBlock)
      known.push_back("layer");
    if (llvm::is_contained(known, expr.getText()))
      return;
    Problem &problem = diagnosis.report(expr.getLoc(), ErrorId::SpecName,
                                        "expected a number, found the word '" + expr.getText() + "'");
    if (llvm::is_contained(hypers, expr.getText()))
      problem.help("did you mean '@" + expr.getText() + "'?");
    else
      problem.help(known.empty() ? "hyper-parameters are written @name"
                                 : suggest(expr.getText(), known, "words here: "));
    return;
  }
  case ExprKind::Apply: {
    if (!findFunction(expr.getText(), expr.size())) {
      SmallVector<StringRef> names;
      for (const FunctionInfo &function : functions())
        if (llvm::isAlpha(function.name.front()) && !llvm::is_contained(names, function.name))
          names.push_back(function.name);
      diagnosis
          .report(expr.getLoc(), ErrorId::SpecName,
                  "expected a function of " + countText(expr.size(), "number") + ", found '" +
                      expr.getText() + "'")
          .help(suggest(expr.getText(), names, "functions: "));
    }
    for (Attribute arg : expr.getArgs())
      checkNumber(cast<ExprAttr>(arg), words);
    return;
  }
  default:
    diagnosis.report(expr.getLoc(), ErrorId::SpecValue, Twine("expected a number, found ") + describe(expr))
        .help("numbers are made of literals, @hyper-parameters, + - * / mod floordiv, pow, exp, log, sqrt, "
              "min, max");
  }
}
