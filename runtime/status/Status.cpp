// Errors as absl::Status with payloads: id, place, notes and help.
#include "runtime/status/Status.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

#include <charconv>

namespace rondo::rt {
namespace {

constexpr std::string_view kId = "rondo/id";
constexpr std::string_view kPlace = "rondo/place";
constexpr std::string_view kNotes = "rondo/notes";
constexpr std::string_view kHelp = "rondo/help";

// Cord's constructor from std::string is a template that clang mangles unlike the compiler that built Abseil,
// hence views everywhere.
absl::string_view view(std::string_view text) { return {text.data(), text.size()}; }

void setPayload(absl::Status &status, std::string_view key, std::string_view text) {
  status.SetPayload(view(key), absl::Cord(view(text)));
}

std::string payload(const absl::Status &status, std::string_view key) {
  absl::optional<absl::Cord> cord = status.GetPayload(view(key));
  return cord ? std::string(*cord) : std::string();
}

// Canonical codes for callers that know only Abseil; the table's exit code decides.
absl::StatusCode codeOf(const ErrorInfo &info) {
  switch (info.exitCode) {
  case 1:
  case 2:
    return absl::StatusCode::kInvalidArgument;
  case 3:
    return absl::StatusCode::kDataLoss;
  case 4:
    return absl::StatusCode::kResourceExhausted;
  case 5:
    return absl::StatusCode::kFailedPrecondition;
  case 7:
    return absl::StatusCode::kUnavailable;
  default:
    return absl::StatusCode::kInternal;
  }
}

} // namespace

std::string Place::toString() const {
  if (file.empty() || line == 0)
    return file;
  if (column == 0)
    return absl::StrCat(file, ":", line);
  return absl::StrCat(file, ":", line, ":", column);
}

absl::Status makeError(ErrorId id, std::string_view message, const Place &place) {
  const ErrorInfo *info = findError(static_cast<uint16_t>(id));
  absl::Status status(codeOf(*info), view(message));
  setPayload(status, kId, absl::StrCat(static_cast<unsigned>(id)));
  return withPlace(std::move(status), place);
}

absl::Status withPlace(absl::Status status, const Place &place) {
  if (!status.ok() && !place.file.empty() && !status.GetPayload(view(kPlace)))
    setPayload(status, kPlace, place.toString());
  return status;
}

absl::Status withNote(absl::Status status, std::string_view note) {
  if (status.ok())
    return status;
  std::string notes = payload(status, kNotes);
  absl::StrAppend(&notes, notes.empty() ? "" : "\n", view(note));
  setPayload(status, kNotes, notes);
  return status;
}

absl::Status withHelp(absl::Status status, std::string_view help) {
  if (!status.ok())
    setPayload(status, kHelp, help);
  return status;
}

std::optional<ErrorId> errorIdOf(const absl::Status &status) {
  std::string text = payload(status, kId);
  uint16_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  const ErrorInfo *info = findError(number);
  return info ? std::optional(info->id) : std::nullopt;
}

int exitCodeOf(const absl::Status &status) {
  if (status.ok())
    return 0;
  std::optional<ErrorId> id = errorIdOf(status);
  return findError(static_cast<uint16_t>(id.value_or(ErrorId::Internal)))->exitCode;
}

std::string placeOf(const absl::Status &status) { return payload(status, kPlace); }

std::string notesOf(const absl::Status &status) { return payload(status, kNotes); }

std::string helpOf(const absl::Status &status) {
  if (status.ok())
    return {};
  if (std::string help = payload(status, kHelp); !help.empty())
    return help;
  std::optional<ErrorId> id = errorIdOf(status);
  return std::string(findError(static_cast<uint16_t>(id.value_or(ErrorId::Internal)))->help);
}

static std::string format(const absl::Status &status, const char *severity) {
  if (status.ok())
    return {};
  std::string place = placeOf(status);
  unsigned id = static_cast<unsigned>(errorIdOf(status).value_or(ErrorId::Internal));
  std::string text =
      absl::StrCat(place, place.empty() ? "" : ": ", severity, ": ", status.message(), " [RND", id, "]\n");
  std::string notes = notesOf(status);
  for (std::string_view rest = notes; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    absl::StrAppend(&text, "note: ", view(line), "\n");
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  absl::StrAppend(&text, "help: ", helpOf(status), "\n");
  return text;
}

std::string formatError(const absl::Status &status) { return format(status, "error"); }

std::string formatWarning(const absl::Status &status) { return format(status, "warning"); }

} // namespace rondo::rt
