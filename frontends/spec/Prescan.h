// Bounds on a spec's text that are checked before the parser sees it.
#pragma once

#include "runtime/format/Errors.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace rondo {

inline constexpr size_t kMaxSpecBytes = 4 << 20;

// What is wrong, and the byte where it is.
struct PrescanError {
  ErrorId id;
  size_t offset;
  std::string message;
};

// Checks encoding (no NUL, valid UTF-8, no MLIR bytecode) and that brackets nest at most spec::kMaxDepth deep
// outside of strings and comments. The size is the caller's to check, before it reads.
std::optional<PrescanError> prescanSpec(llvm::StringRef text);

// The offset of the bracket that closes the innermost `{` around `offset`, or npos.
size_t enclosingBraceEnd(llvm::StringRef text, size_t offset);

} // namespace rondo
