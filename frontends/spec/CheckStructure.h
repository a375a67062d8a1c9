// What can be said of a spec without values: names, places, operands, clauses and the form of their
// arguments.
#pragma once

#include "dialects/spec/Spec.h"
#include "frontends/spec/layers/Diagnosis.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace rondo {

class StructureCheck {
public:
  StructureCheck(spec::ModelOp model, Diagnosis &diagnosis) : model(model), diagnosis(diagnosis) {}
  void run();

private:
  using Names = llvm::StringMap<mlir::Location>;

  // CheckStructure.cpp: names and places
  void collectNames();
  void declare(Names &names, llvm::StringRef kind, llvm::StringRef name, mlir::Location loc);
  void checkHypers();
  void checkPresets();
  void checkInterface();
  void checkBody(mlir::Block &body);
  void checkBlock(spec::BlockOp block);
  void checkOperands(mlir::Operation &op);
  void checkRecursion();

  // CheckClauses.cpp: ops, clauses, expressions
  void checkUnknownOp(mlir::Operation &op);
  void checkLayer(spec::LayerOpInterface layer);
  void checkCall(spec::LayerOpInterface user, llvm::StringRef callee);
  void checkClauses(spec::LayerOpInterface layer);
  void checkArguments(spec::ClauseAttr clause, const spec::ClauseInfo &info);
  void checkWeight(spec::ClauseAttr clause, const spec::ClauseInfo &info);
  void checkAngles(spec::ClauseAttr clause, const spec::ClauseInfo &info);
  void checkLaunch(spec::ClauseAttr clause, const spec::ClauseInfo &info);
  void checkWord(spec::ExprAttr arg, const spec::ClauseInfo &info);
  // A number: every name in it must be a known hyper-parameter, function, or one of `words`.
  void checkNumber(spec::ExprAttr expr, llvm::ArrayRef<llvm::StringRef> words = {});
  void reportArgument(mlir::Location loc, llvm::StringRef expected, llvm::StringRef found,
                      const spec::ClauseInfo &info);

  spec::ModelOp model;
  Diagnosis &diagnosis;
  llvm::SmallVector<llvm::StringRef> hypers; // those that may be used: declared above the op being checked
  llvm::StringMap<spec::BlockOp> blocks;
  bool inBlock = false; // `layer` has a meaning
};

} // namespace rondo
