// The header of a safetensors file: what tensors it holds and where, fully checked.
//
//   bytes 0..7        n, length of the header, u64 little-endian, at most 100,000,000
//   bytes 8..8+n      JSON {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...,
//                     "__metadata__": {"KEY": "TEXT", ...}}, first byte '{', padded with spaces
//   the rest          the tensors' bytes, little-endian, row-major; offsets count from here; no byte is
//   unused,
//                     none is used twice
#pragma once

#include "absl/types/span.h"
#include "runtime/safetensors/ElementType.h"
#include "runtime/status/Status.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::rt::safetensors {

inline constexpr uint64_t kLengthBytes = 8;
inline constexpr uint64_t kMaxHeaderBytes = 100'000'000;
inline constexpr uint64_t kMaxTensors = 1'000'000;
inline constexpr size_t kMaxRank = 8;

struct TensorInfo {
  std::string name;
  ElementType type = ElementType::F32;
  std::vector<uint64_t> shape;
  uint64_t begin = 0; // in the data, not the file
  uint64_t end = 0;

  uint64_t bytes() const { return end - begin; }
  uint64_t elements() const { return bytes() * 8 / bitsOf(type); }
};

struct Header {
  std::vector<TensorInfo> tensors; // sorted by name
  std::map<std::string, std::string> metadata;
  uint64_t dataOffset = 0; // of the data in the file

  const TensorInfo *find(std::string_view name) const;
};

// The header's length from a file's first eight bytes (`prefix` is shorter only if the file is). Errors
// RND3001-3003.
absl::StatusOr<uint64_t> headerLength(absl::Span<const uint8_t> prefix, uint64_t fileBytes,
                                      const Place &place);

// Parses and checks the header `json` of a file of `fileBytes`. Errors RND3004-3022.
absl::StatusOr<Header> parseHeader(std::string_view json, uint64_t fileBytes, const Place &place);

// A name from a file as it can be shown on a terminal: quoted, control characters escaped, shortened.
std::string quotedName(std::string_view name);

// "[2, 3]"
std::string shapeText(absl::Span<const uint64_t> shape);

} // namespace rondo::rt::safetensors
