// The table of error ids as C++: one enumerator per row of Errors.def, and its text. Free of LLVM and Abseil,
// because compiler and runtime share it.
#pragma once

#include <cstdint>
#include <string_view>

namespace rondo {

// RND ids; the enumerator's value is the number that users see.
enum class ErrorId : uint16_t {
#define RONDO_ERROR(number, name, exit, what, help) name = number,
#include "runtime/format/Errors.def"
#undef RONDO_ERROR
};

struct ErrorInfo {
  ErrorId id;
  std::string_view name; // "SpecDepth"
  int exitCode;          // of the tool that reports it
  std::string_view what; // one line, lower case, no full stop
  std::string_view help; // the page that --help=RND<id> prints
};

inline constexpr ErrorInfo kErrors[] = {
#define RONDO_ERROR(number, name, exit, what, help) {ErrorId::name, #name, exit, what, help},
#include "runtime/format/Errors.def"
#undef RONDO_ERROR
};

// The row of an id, or nullptr for a number that is not in the table.
constexpr const ErrorInfo *findError(uint16_t number) {
  for (const ErrorInfo &info : kErrors)
    if (static_cast<uint16_t>(info.id) == number)
      return &info;
  return nullptr;
}

} // namespace rondo
