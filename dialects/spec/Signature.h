// The shape of an op's text: how many operands and results it has and which clauses it takes.
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/OperationSupport.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace rondo::spec {

// What stands between a clause's parentheses.
enum class ClauseKind {
  Flag,     // no parentheses
  Number,   // one expression
  Count,    // one expression, a whole number >= 1
  Word,     // one word of a list
  Operand,  // one value
  Residual, // a value and, optionally, the number that scales it
  Text,     // one string
  Weight,   // a name, initial values, groups
  Series,   // one expression in the words, or a list
  Angles,   // a word, optionally base = E, or an expression in `pair` and `dim`
  Launch,   // what a kernel from elsewhere is launched with: values, and expressions in the words
};

struct ClauseInfo {
  llvm::StringRef name;
  ClauseKind kind;
  llvm::StringRef form; // as help prints it: `heads(COUNT)`
  llvm::ArrayRef<llvm::StringRef> words = {};
  bool required = false;
};

struct Signature {
  unsigned minOperands;
  unsigned maxOperands;  // leading operands, clause operands not counted
  bool resultPerOperand; // else one result; calls have what the block yields
  llvm::ArrayRef<ClauseInfo> clauses;
  unsigned optionalResults = 0; // that may be named beyond those

  const ClauseInfo *find(llvm::StringRef clause) const;
};

// Operands that stand before the first clause: those that no clause refers to.
mlir::OperandRange leadingOperands(mlir::OperandRange operands, mlir::ArrayAttr clauses);

} // namespace rondo::spec
