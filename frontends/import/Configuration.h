// A model's configuration file: every key must be known and every value supported.
#pragma once

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <optional>
#include <string>
#include <vector>

namespace rondo {

// Typed access to a JSON object. Errors are collected: each names its key and says what is expected and
// found.
class Configuration {
public:
  // Parses `text`; on failure `problems` says why and every getter gives its default.
  explicit Configuration(llvm::StringRef text);

  // A required whole number from 1 to 2^31 - 1.
  int64_t count(llvm::StringRef key);
  std::optional<int64_t> optionalCount(llvm::StringRef key);
  // A required list of such numbers, as JSON or as text "[2048, 4096]", which is read as a list and never
  // evaluated.
  std::vector<int64_t> counts(llvm::StringRef key);
  double number(llvm::StringRef key, double fallback);
  bool has(llvm::StringRef key) const { return object.get(key); }
  bool flag(llvm::StringRef key, bool fallback);
  // One of `words`; an absent key is `fallback`.
  std::string word(llvm::StringRef key, llvm::ArrayRef<llvm::StringRef> words, llvm::StringRef fallback);

  // Keys whose value changes nothing that a spec says.
  void ignore(llvm::ArrayRef<llvm::StringRef> keys);
  // A key that is supported with null, false, 0 or absence only.
  void unsupported(llvm::StringRef key, llvm::StringRef why);
  void reject(llvm::StringRef key, const llvm::Twine &expected);
  // Reports the keys that nobody asked for. Call last.
  void finish();

  struct Problem {
    std::string message;
    std::string help;
  };
  const std::vector<Problem> &problems() const { return found; }

private:
  const llvm::json::Value *find(llvm::StringRef key);
  void mismatch(llvm::StringRef key, const llvm::Twine &expected, const llvm::json::Value *value);

  llvm::json::Object object;
  llvm::StringSet<> known;
  std::vector<Problem> found;
};

} // namespace rondo
