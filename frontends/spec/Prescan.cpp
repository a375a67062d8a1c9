// Scans a spec's characters: encoding and nesting.
#include "frontends/spec/Prescan.h"

#include "dialects/spec/Spec.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/ConvertUTF.h"

using namespace rondo;
using llvm::StringRef;
using llvm::Twine;

namespace {
// Steps over brackets, skipping strings and comments.
class BracketScanner {
public:
  explicit BracketScanner(StringRef text) : text(text) {}

  // The offset of the next bracket, or npos.
  size_t next() {
    while (at < text.size()) {
      size_t start = at++;
      switch (text[start]) {
      case '"':
        skipString();
        break;
      case '/':
        if (at < text.size() && text[at] == '/')
          at = text.find('\n', at);
        break;
      case '(':
      case '[':
      case '{':
      case ')':
      case ']':
      case '}':
        return start;
      default:
        break;
      }
    }
    return StringRef::npos;
  }

private:
  // Strings end at their quote; a line's end is an error that the parser reports.
  void skipString() {
    for (; at < text.size() && text[at] != '"' && text[at] != '\n'; ++at)
      if (text[at] == '\\')
        ++at;
    ++at;
  }

  StringRef text;
  size_t at = 0;
};

bool opens(char c) { return c == '(' || c == '[' || c == '{'; }
} // namespace

static std::optional<PrescanError> checkEncoding(StringRef text) {
  if (text.starts_with("ML\xefR"))
    return PrescanError{ErrorId::SpecEncoding, 0, "expected a text, found MLIR bytecode"};
  if (size_t nul = text.find('\0'); nul != StringRef::npos)
    return PrescanError{ErrorId::SpecEncoding, nul, "expected a text, found a NUL byte"};
  auto *start = reinterpret_cast<const llvm::UTF8 *>(text.data());
  const llvm::UTF8 *cursor = start;
  if (!llvm::isLegalUTF8String(&cursor, start + text.size()))
    return PrescanError{ErrorId::SpecEncoding, static_cast<size_t>(cursor - start),
                        "expected UTF-8, found an invalid byte sequence"};
  return std::nullopt;
}

std::optional<PrescanError> rondo::prescanSpec(StringRef text) {
  if (std::optional<PrescanError> error = checkEncoding(text))
    return error;
  BracketScanner scanner(text);
  unsigned depth = 0;
  for (size_t at; (at = scanner.next()) != StringRef::npos;) {
    if (!opens(text[at]))
      depth -= depth > 0;
    else if (++depth > spec::kMaxDepth)
      return PrescanError{
          ErrorId::SpecDepth, at,
          ("expected brackets nested at most " + Twine(spec::kMaxDepth) + " deep, found more").str()};
  }
  return std::nullopt;
}

size_t rondo::enclosingBraceEnd(StringRef text, size_t offset) {
  BracketScanner scanner(text);
  llvm::SmallVector<size_t> open; // offsets of the braces around the cursor
  for (size_t at; (at = scanner.next()) != StringRef::npos;) {
    if (text[at] == '{')
      open.push_back(at);
    if (text[at] != '}' || open.empty())
      continue;
    if (open.pop_back_val() < offset && offset < at)
      return at;
  }
  return StringRef::npos;
}
