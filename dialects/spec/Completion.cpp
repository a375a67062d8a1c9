// What an editor may offer inside the text of a spec.
#include "dialects/spec/Completion.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace rondo::spec;

Completion *rondo::spec::completionOf(AsmParser &parser) {
  auto *dialect = parser.getContext()->getLoadedDialect<SpecDialect>();
  return dialect ? dialect->getCompletion() : nullptr;
}

// The parser tells where the op's name stands, not what it is.
const Signature *rondo::spec::signatureOf(OpAsmParser &parser) {
  const char *begin = parser.getNameLoc().getPointer(), *end = begin;
  while (llvm::isAlnum(*end) || *end == '_' || *end == '.')
    ++end;
  auto name = RegisteredOperationName::lookup(StringRef(begin, end - begin), parser.getContext());
  auto *interface = name ? name->getInterface<LayerOpInterface>() : nullptr;
  return interface ? &interface->getSignature() : nullptr;
}

bool rondo::spec::readOneOf(AsmParser &parser, ArrayRef<StringRef> words, StringRef &word) {
  return !words.empty() && succeeded(parser.parseOptionalKeyword(&word, words));
}

SmallVector<StringRef> Completion::presetNames() const {
  SmallVector<StringRef> names;
  for (StringRef hyper : hypers)
    names.push_back(hyper.drop_front());
  return names;
}

SmallVector<StringRef> Completion::expressionWords(const ClauseInfo *clause) const {
  static constexpr StringRef functions[] = {"pow",   "exp", "log", "log1p", "sqrt",
                                            "rsqrt", "min", "max", "layer"};
  static constexpr StringRef weightWords[] = {"ones",   "zeros", "constant", "normal", "uniform", "kaiming",
                                              "xavier", "decay", "no_decay", "frozen", "optional"};
  if (clause && (clause->kind == ClauseKind::Operand || clause->kind == ClauseKind::Text))
    return {}; // values, which the server offers, and names that only the author knows
  SmallVector<StringRef> words(hypers.begin(), hypers.end());
  if (!clause || clause->kind != ClauseKind::Word)
    llvm::append_range(words, functions);
  if (!clause)
    return words;
  if (clause->kind == ClauseKind::Word)
    words.clear();
  llvm::append_range(words, clause->words);
  if (clause->kind == ClauseKind::Weight)
    llvm::append_range(words, weightWords);
  return words;
}
