// The head of token files, and the conversion of their elements.
#include "runtime/train/TokenFile.h"

#include "absl/strings/str_cat.h"
#include "runtime/files/CheckedMath.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace rondo::rt {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little endian and read as they are");

constexpr uint32_t kVersion = 1;

// The first bytes of a token file; the document index follows, then the tokens.
struct Head {
  char magic[8];
  uint32_t version;
  uint32_t elementBytes;
  uint64_t tokens;
  uint64_t documents;
};
static_assert(sizeof(Head) == 32);

absl::Status malformed(const InputFile &file, ErrorId id, const std::string &message) {
  return makeError(id, message, {file.path()});
}

absl::Status checkHead(const InputFile &file, const Head &head) {
  if (head.version != kVersion)
    return malformed(
        file, ErrorId::TokensVersion,
        absl::StrCat("expected version ", kVersion, " of the token format, found ", head.version));
  if (head.elementBytes != 1 && head.elementBytes != 2 && head.elementBytes != 4)
    return malformed(file, ErrorId::TokensElement,
                     absl::StrCat("expected tokens of 1, 2 or 4 bytes, found ", head.elementBytes));
  std::optional<uint64_t> index = checkedMul(head.documents, sizeof(uint64_t));
  std::optional<uint64_t> data = checkedMul(head.tokens, head.elementBytes);
  uint64_t rest = file.size() - sizeof(Head);
  if (!index || !data || !inBounds(*index, *data, rest))
    return malformed(file, ErrorId::TokensTruncated,
                     absl::StrCat("expected ", head.documents, " documents and ", head.tokens, " tokens of ",
                                  head.elementBytes, " bytes, found ", rest, " bytes"));
  if (*index + *data != rest)
    return malformed(file, ErrorId::TokensTrailing,
                     absl::StrCat("expected ", *index + *data, " bytes after the head, found ", rest));
  return absl::OkStatus();
}

absl::Status checkIndex(const InputFile &file, const TokenLayout &layout) {
  const std::vector<uint64_t> &documents = layout.documents;
  if (documents.empty() != (layout.tokens == 0))
    return malformed(
        file, ErrorId::TokensIndex,
        absl::StrCat("expected documents for ", layout.tokens, " tokens, found ", documents.size()));
  uint64_t least = 0;
  for (size_t i = 0; i < documents.size(); ++i) {
    if ((i == 0 && documents[i] != 0) || documents[i] < least || documents[i] >= layout.tokens)
      return malformed(file, ErrorId::TokensIndex,
                       absl::StrCat("expected document ", i, " to begin ",
                                    i == 0 ? "at token 0" : "after the one before it", " and below ",
                                    layout.tokens, ", found ", documents[i]));
    least = documents[i] + 1;
  }
  return absl::OkStatus();
}

template <typename T> void widen(const uint8_t *source, absl::Span<int32_t> target, uint32_t &largest) {
  for (size_t i = 0; i < target.size(); ++i) {
    T value;
    std::memcpy(&value, source + i * sizeof(T), sizeof(T));
    largest = std::max<uint32_t>(largest, value);
    target[i] = static_cast<int32_t>(value);
  }
}

// Converts and returns the largest of the tokens.
uint32_t widenTokens(uint32_t elementBytes, const uint8_t *source, absl::Span<int32_t> target) {
  uint32_t largest = 0;
  if (elementBytes == 1)
    widen<uint8_t>(source, target, largest);
  else if (elementBytes == 2)
    widen<uint16_t>(source, target, largest);
  else
    widen<uint32_t>(source, target, largest);
  return largest;
}

} // namespace

absl::StatusOr<TokenLayout> readTokenLayout(const InputFile &file) {
  TokenLayout layout;
  Head head = {};
  uint64_t there = std::min<uint64_t>(file.size(), sizeof(Head));
  RONDO_RETURN_IF_ERROR(
      file.readAt(0, {reinterpret_cast<uint8_t *>(&head), there}, ErrorId::TokensTruncated));
  if (there < kTokenFileMagic.size() || std::string_view(head.magic, sizeof(head.magic)) != kTokenFileMagic) {
    layout.isText = true;
    layout.tokens = file.size();
    layout.documents.assign(file.size() == 0 ? 0 : 1, 0);
    return layout;
  }
  if (there < sizeof(Head))
    return malformed(file, ErrorId::TokensTruncated,
                     absl::StrCat("expected a head of ", sizeof(Head), " bytes, found ", there));
  RONDO_RETURN_IF_ERROR(checkHead(file, head));
  layout.elementBytes = head.elementBytes;
  layout.tokens = head.tokens;
  layout.documents.resize(head.documents); // checked above: the file has that many
  layout.dataOffset = sizeof(Head) + head.documents * sizeof(uint64_t);
  RONDO_RETURN_IF_ERROR(file.readAt(
      sizeof(Head),
      {reinterpret_cast<uint8_t *>(layout.documents.data()), layout.documents.size() * sizeof(uint64_t)},
      ErrorId::TokensTruncated));
  RONDO_RETURN_IF_ERROR(checkIndex(file, layout));
  return layout;
}

absl::Status readTokens(const MappedFile &file, const TokenLayout &layout, uint64_t vocabulary,
                        uint64_t first, absl::Span<int32_t> target, std::vector<uint8_t> &staging) {
  uint64_t offset = layout.dataOffset + first * layout.elementBytes;
  uint64_t bytes = target.size() * layout.elementBytes;
  if (staging.size() < bytes)
    staging.resize(bytes);
  RONDO_RETURN_IF_ERROR(file.readAt(offset, absl::MakeSpan(staging).first(bytes), ErrorId::TokensTruncated));
  if (widenTokens(layout.elementBytes, staging.data(), target) < vocabulary)
    return absl::OkStatus();
  size_t bad = 0;
  while (static_cast<uint32_t>(target[bad]) < vocabulary)
    ++bad;
  return makeError(ErrorId::TokenRange,
                   absl::StrCat("expected tokens below the vocabulary of ", vocabulary, ", found ",
                                static_cast<uint32_t>(target[bad]), " at byte ",
                                offset + bad * layout.elementBytes),
                   {file.file().path()});
}

} // namespace rondo::rt
