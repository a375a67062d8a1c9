// One file of tokens: text, of which every byte is a token, or a token file (docs/format/tokens.md).
#pragma once

#include "runtime/files/MappedFile.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace rondo::rt {

// A token file begins with these bytes; every other file is text.
inline constexpr std::string_view kTokenFileMagic = "RNDTOKEN";

// Where the tokens of a file lie: what its head says, checked against the bytes that are there.
struct TokenLayout {
  bool isText = false;
  uint32_t elementBytes = 1; // 1, 2 or 4, little endian
  uint64_t dataOffset = 0;   // of the first token, in bytes
  uint64_t tokens = 0;
  std::vector<uint64_t>
      documents; // index of each document's first token, ascending from 0; empty without tokens
};

// RND3501-3505 for a malformed token file.
absl::StatusOr<TokenLayout> readTokenLayout(const InputFile &file);

// The tokens [first, first + target.size()), which must lie in the file. RND3501 if the file has become
// shorter, RND3405 with the file and the byte if a token is `vocabulary` or more. `staging` holds file bytes
// on their way.
absl::Status readTokens(const MappedFile &file, const TokenLayout &layout, uint64_t vocabulary,
                        uint64_t first, absl::Span<int32_t> target, std::vector<uint8_t> &staging);

} // namespace rondo::rt
