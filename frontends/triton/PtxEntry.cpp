// Reads the head of an entry: `.visible .entry NAME(.param .u64 .ptr .global .align 1 NAME_param_0, ...)`,
// then directives such as `.reqntid 128`, then its body.
#include "frontends/triton/PtxEntry.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/Twine.h"

namespace rondo {
namespace {

using llvm::StringRef;

constexpr size_t kMaxParameters = 4096;

llvm::Error fail(const llvm::Twine &message) { return llvm::createStringError(message); }

bool isNameLetter(char c) { return llvm::isAlnum(c) || c == '_' || c == '$'; }

// What follows the first `word` that is one by itself; the empty string if there is none.
StringRef after(StringRef text, StringRef word) {
  for (size_t at = text.find(word); at != StringRef::npos; at = text.find(word, at + 1)) {
    StringRef rest = text.drop_front(at + word.size());
    if (!rest.empty() && !isNameLetter(rest.front()))
      return rest;
  }
  return {};
}

// Without comments, which may say anything.
std::string withoutComments(StringRef ptx) {
  std::string text;
  while (!ptx.empty()) {
    size_t at = std::min(ptx.find("//"), ptx.find("/*"));
    text += ptx.take_front(at);
    if (at == StringRef::npos)
      break;
    bool isLine = ptx.drop_front(at).starts_with("//");
    size_t end = isLine ? ptx.find('\n', at) : ptx.find("*/", at + 2);
    ptx = end == StringRef::npos ? StringRef() : ptx.drop_front(end + (isLine ? 0 : 2));
  }
  return text;
}

// The first name or number of `text`.
StringRef firstWord(StringRef text) {
  return text.ltrim().take_while([](char c) { return isNameLetter(c); });
}

llvm::Expected<TritonKernel::Parameter> readParameter(StringRef text) {
  llvm::SmallVector<StringRef> words;
  llvm::SplitString(text, words);
  if (words.size() < 3 || words[0] != ".param")
    return fail("expected a parameter such as '.param .u64 NAME', found '" + text.trim() + "'");
  StringRef type = words[1];
  unsigned bits = llvm::StringSwitch<unsigned>(type)
                      .Cases({".u8", ".s8", ".b8"}, 8)
                      .Cases({".u16", ".s16", ".b16"}, 16)
                      .Cases({".u32", ".s32", ".b32", ".f32"}, 32)
                      .Cases({".u64", ".s64", ".b64", ".f64"}, 64)
                      .Default(0);
  if (bits == 0 || text.contains('['))
    return fail("expected a parameter of 8 to 64 bits, found '" + text.trim() + "'");
  return TritonKernel::Parameter{bits, type[1] == 'f', llvm::is_contained(words, ".ptr")};
}

} // namespace

llvm::Expected<PtxEntry> readPtxEntry(StringRef ptx, StringRef name) {
  if (ptx.contains('\0'))
    return fail("expected text, found a zero byte");
  std::string text = withoutComments(ptx);
  PtxEntry entry;
  entry.architecture = firstWord(after(text, ".target")).str();
  if (!StringRef(entry.architecture).starts_with("sm_"))
    return fail("expected '.target sm_NUMBER', found " +
                (entry.architecture.empty() ? "none" : "'" + entry.architecture + "'"));
  for (StringRef rest = after(text, ".entry"); !rest.empty(); rest = after(rest, ".entry")) {
    if (firstWord(rest) != name)
      continue;
    rest = rest.ltrim().drop_front(name.size()).ltrim();
    auto [head, body] = rest.split('{');
    if (head.consume_front("(")) {
      auto [list, directives] = head.split(')');
      llvm::SmallVector<StringRef> parameters;
      if (!list.trim().empty())
        list.split(parameters, ',');
      if (parameters.size() > kMaxParameters)
        return fail("expected at most " + llvm::Twine(kMaxParameters) + " parameters, found " +
                    llvm::Twine(parameters.size()));
      for (StringRef parameter : parameters) {
        llvm::Expected<TritonKernel::Parameter> read = readParameter(parameter);
        if (!read)
          return read.takeError();
        entry.parameters.push_back(*read);
      }
      head = directives;
    }
    if (StringRef threads = firstWord(after(head, ".reqntid")); !threads.empty())
      if (threads.getAsInteger(10, entry.requiredThreads))
        return fail("expected a number of threads behind '.reqntid', found '" + threads + "'");
    return entry;
  }
  return fail("expected the entry '" + name + "', found none of this name");
}

} // namespace rondo
