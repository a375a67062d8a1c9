// Reads packages: prefix, hash, FlatBuffers' verifier, then our own validator, in this order.
#include "runtime/package/Package.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/files/InputFile.h"
#include "runtime/format/Prefix.h"
#include "runtime/package/Checks.h"
#include "runtime/package/Validate.h"
#include "runtime/status/NearestName.h"

#include <algorithm>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace rondo::rt {
namespace {

constexpr uint32_t kMaxDepth = 32;
constexpr uint32_t kMaxTables = 200'000;
// What a package over the limit is verified with once more, to tell a package that is too complex from a
// damaged one.
constexpr uint32_t kTablesToCount = 1 << 24;

// The prefix decides, in the order of its fields, before anything else is looked at.
absl::StatusOr<format::Prefix> readPrefix(absl::Span<const uint8_t> start, uint64_t fileBytes) {
  format::Prefix prefix = {};
  std::copy_n(start.data(), std::min(start.size(), sizeof(prefix)), reinterpret_cast<uint8_t *>(&prefix));
  if (start.size() < sizeof(prefix.magic) ||
      std::memcmp(prefix.magic, format::kMagic, sizeof(prefix.magic)) != 0)
    return makeError(ErrorId::NotAPackage, "expected a file that starts with RONDOPKG, found other bytes");
  if (start.size() < sizeof(prefix))
    return makeError(ErrorId::Truncated,
                     absl::StrCat("expected at least ", sizeof(prefix), " bytes, found ", fileBytes));
  if (prefix.major != format::kMajorVersion) {
    ErrorId id = prefix.major > format::kMajorVersion ? ErrorId::VersionTooNew : ErrorId::NotAPackage;
    return makeError(id, absl::StrCat("expected format version ", format::kMajorVersion, ", found ",
                                      prefix.major, ".", prefix.minor));
  }
  if (prefix.payloadBytes > format::kMaxPayloadBytes)
    return makeError(ErrorId::TooLarge, absl::StrCat("expected at most ", format::kMaxPayloadBytes,
                                                     " bytes, found ", prefix.payloadBytes));
  uint64_t expected = sizeof(prefix) + prefix.payloadBytes;
  if (fileBytes < expected)
    return makeError(ErrorId::Truncated, absl::StrCat("expected ", expected, " bytes, found ", fileBytes));
  bool zero =
      std::all_of(std::begin(prefix.zero), std::end(prefix.zero), [](uint8_t byte) { return byte == 0; });
  if (fileBytes > expected || !zero)
    return makeError(ErrorId::VerifyFailed, absl::StrCat("expected a prefix padded with zeros and ", expected,
                                                         " bytes in all, found ", fileBytes));
  return prefix;
}

bool verifies(absl::Span<const uint8_t> payload, uint32_t tables) {
  flatbuffers::Verifier verifier(payload.data(), payload.size(), kMaxDepth, tables);
  return format::VerifyPackageBuffer(verifier);
}

absl::Status verify(absl::Span<const uint8_t> payload) {
  // Smaller buffers make the generated code read the file identifier out of bounds.
  constexpr size_t kSmallest = 2 * sizeof(flatbuffers::uoffset_t);
  if (payload.size() > kSmallest && verifies(payload, kMaxTables))
    return absl::OkStatus();
  if (payload.size() > kSmallest && verifies(payload, kTablesToCount))
    return makeError(ErrorId::TooComplex,
                     absl::StrCat("expected at most ", kMaxTables, " tables, found more"));
  return makeError(ErrorId::VerifyFailed,
                   "expected a FlatBuffer of the package schema, found damaged offsets");
}

} // namespace

absl::StatusOr<Package> Package::open(const std::string &path) {
  RONDO_ASSIGN_OR_RETURN(InputFile file, InputFile::open(path));
  // The prefix is judged before the file is read: a file of another kind may be of any size.
  uint8_t start[sizeof(format::Prefix)];
  absl::Span<uint8_t> prefix(start, std::min<uint64_t>(file.size(), sizeof(start)));
  RONDO_RETURN_IF_ERROR(withPlace(file.readAt(0, prefix, ErrorId::Truncated), {path}));
  RONDO_RETURN_IF_ERROR(withPlace(readPrefix(prefix, file.size()).status(), {path}));
  RONDO_ASSIGN_OR_RETURN(AlignedBuffer bytes, file.readAll(format::kMaxPayloadBytes + sizeof(format::Prefix),
                                                           ErrorId::TooLarge, ErrorId::Truncated));
  return check(std::move(bytes), path);
}

absl::StatusOr<Package> Package::fromBytes(absl::Span<const uint8_t> bytes, const std::string &name) {
  RONDO_ASSIGN_OR_RETURN(AlignedBuffer copy, AlignedBuffer::allocate(bytes.size()));
  if (!bytes.empty())
    std::memcpy(copy.data(), bytes.data(), bytes.size());
  return check(std::move(copy), name);
}

absl::StatusOr<Package> Package::check(AlignedBuffer bytes, const std::string &name) {
  Package package;
  package.bytes_ = std::move(bytes);
  package.path_ = name;
  absl::Span<const uint8_t> file = package.bytes_.bytes();
  absl::StatusOr<format::Prefix> prefix = readPrefix(file, file.size());
  RONDO_RETURN_IF_ERROR(withPlace(prefix.status(), {name}));
  package.minorVersion_ = prefix->minor;
  absl::Span<const uint8_t> payload = file.subspan(sizeof(format::Prefix));
  if (XXH3_64bits(payload.data(), payload.size()) != prefix->payloadHash)
    return makeError(ErrorId::HashMismatch,
                     "expected the bytes that the prefix's hash was made of, found others", {name});
  RONDO_RETURN_IF_ERROR(withPlace(verify(payload), {name}));
  package.root_ = format::GetPackage(payload.data());
  RONDO_RETURN_IF_ERROR(withPlace(package::validate(*package.root_), {name}));
  return package;
}

const format::Entry *Package::findEntry(std::string_view name) const {
  for (const format::Entry *entry : *root_->entries())
    if (package::viewOf(entry->name()) == name)
      return entry;
  return nullptr;
}

const format::Entry *Package::findEntry(format::EntryKind kind) const {
  for (const format::Entry *entry : *root_->entries())
    if (entry->kind() == kind)
      return entry;
  return nullptr;
}

absl::Status Package::missingEntry(std::string_view name) const {
  std::vector<std::string> known;
  for (const format::Entry *entry : *root_->entries())
    known.push_back(entry->name()->str());
  std::string message =
      absl::StrCat("expected one of: ", absl::StrJoin(known, ", "), "; found '", std::string(name), "'");
  absl::Status status = makeError(ErrorId::EntryMissing, message, {path_});
  std::string nearest = nearestName(name, known);
  return nearest.empty() ? status
                         : withNote(std::move(status), absl::StrCat("did you mean '", nearest, "'?"));
}

std::string Package::locationText(uint32_t index) const {
  const format::Location &location = *root_->locations()->Get(index);
  std::string place = Place{location.file()->str(), location.line(), location.column()}.toString();
  if (location.layer()->size() == 0)
    return place;
  return absl::StrCat(location.layer()->str(), place.empty() ? "" : ", ", place);
}

uint64_t elementBytes(format::DType dtype) { return package::elementBytes(dtype); }
uint64_t tensorBytes(const format::IoTensor &tensor) { return package::tensorBytes(tensor); }

} // namespace rondo::rt
