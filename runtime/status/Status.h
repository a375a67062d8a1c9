// Errors of the runtime: absl::Status that carries an id of the error table, a place, notes and a remedy.
//
// Every error that can reach a person is made by makeError. The id, place, notes and help travel as payloads
// of the status, so that code in between passes it on untouched, and the tools turn it into text and exit
// code.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/format/Errors.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rondo::rt {

// Where an error is: a file, and a line and column (from 1) where they are known.
struct Place {
  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;

  std::string toString() const; // "file:line:col", "file:line", "file" or ""
};

// An error of the table. `message` says what was expected and what was found, lower case, no full stop.
absl::Status makeError(ErrorId id, std::string_view message, const Place &place = {});

// The same error at `place`, unless it has a place already. OK stays OK.
absl::Status withPlace(absl::Status status, const Place &place);

// The same error with one more note, printed as a line of its own.
absl::Status withNote(absl::Status status, std::string_view note);

// The same error with a remedy that replaces the table's.
absl::Status withHelp(absl::Status status, std::string_view help);

// The id of an error, or nothing for OK and for a status that makeError did not make.
std::optional<ErrorId> errorIdOf(const absl::Status &status);

// The exit code of a tool that ends with this status: 0 for OK, the table's for its ids, 6 for anything else.
int exitCodeOf(const absl::Status &status);

// The text for people, several lines, ending in a newline; empty for OK.
//   place: error: message [RND1234]
//   note: ...
//   help: ...
std::string formatError(const absl::Status &status);

// The same for what is reported and does not end the program: "place: warning: message [RND1234]".
std::string formatWarning(const absl::Status &status);

// The parts of formatError, for tools that print errors as JSON.
std::string placeOf(const absl::Status &status);
std::string notesOf(const absl::Status &status); // lines, without their "note: "
std::string helpOf(const absl::Status &status);

} // namespace rondo::rt

// Leaves the function with the error that `expression` (an absl::Status) holds, if any.
#define RONDO_RETURN_IF_ERROR(expression)                                                                    \
  do {                                                                                                       \
    if (absl::Status rondoStatus = (expression); !rondoStatus.ok())                                          \
      return rondoStatus;                                                                                    \
  } while (false)

// Declares or assigns `target` from an absl::StatusOr, or leaves the function with its error.
#define RONDO_ASSIGN_OR_RETURN(target, expression)                                                           \
  RONDO_ASSIGN_OR_RETURN_IMPL(RONDO_CONCATENATE(rondoStatusOr, __LINE__), target, expression)
#define RONDO_ASSIGN_OR_RETURN_IMPL(holder, target, expression)                                              \
  auto holder = (expression);                                                                                \
  if (!holder.ok())                                                                                          \
    return std::move(holder).status();                                                                       \
  target = *std::move(holder)
#define RONDO_CONCATENATE(a, b) RONDO_CONCATENATE_IMPL(a, b)
#define RONDO_CONCATENATE_IMPL(a, b) a##b
