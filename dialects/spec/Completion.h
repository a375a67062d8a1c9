// What an editor may offer inside the text of a spec. MLIR's server completes op names and values by itself;
// the rest are words that only our parser knows, and it hands them to the server where one may stand.
#pragma once

#include "dialects/spec/Spec.h"

#include <deque>
#include <string>

namespace rondo::spec {

// Names that the text above the cursor has defined. One spec at a time: a new spec.model begins anew.
class Completion {
public:
  void begin() { hypers.clear(), blocks.clear(); }
  void addHyper(llvm::StringRef name) { hypers.push_back("@" + name.str()); }
  void addBlock(llvm::StringRef name) { blocks.push_back("@" + name.str()); }

  llvm::SmallVector<llvm::StringRef> blockNames() const { return {blocks.begin(), blocks.end()}; }
  // Hyper-parameters as presets write them, without `@`.
  llvm::SmallVector<llvm::StringRef> presetNames() const;
  // What an expression may begin with: hyper-parameters, functions, the words of `clause` (may be null).
  llvm::SmallVector<llvm::StringRef> expressionWords(const ClauseInfo *clause) const;

private:
  std::deque<std::string> hypers, blocks;
};

// The completion of the parser's context; null unless an editor asked for it.
Completion *completionOf(mlir::AsmParser &parser);

// The signature of the layer op that is being parsed, by its name in the text; null for other ops.
const Signature *signatureOf(mlir::OpAsmParser &parser);

// Reads one of `words`. If the cursor of the editor stands here, they are offered instead and nothing is
// read.
bool readOneOf(mlir::AsmParser &parser, llvm::ArrayRef<llvm::StringRef> words, llvm::StringRef &word);

} // namespace rondo::spec
