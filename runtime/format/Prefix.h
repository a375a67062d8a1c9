// The 64 bytes in front of a package's FlatBuffer: what kind of file it is, and whether it arrived whole.
#pragma once

#include <cstdint>

namespace rondo::rt::format {

inline constexpr char kMagic[8] = {'R', 'O', 'N', 'D', 'O', 'P', 'K', 'G'};
// A reader takes packages of its own major version; minors add fields that older readers skip.
inline constexpr uint32_t kMajorVersion = 1;
inline constexpr uint32_t kMinorVersion = 0;
// FlatBuffers' offsets are 32-bit and its verifier aborts on larger buffers.
inline constexpr uint64_t kMaxPayloadBytes = (uint64_t(1) << 31) - 1;

// Little-endian, at the start of the file; the FlatBuffer follows at byte 64, so that its 8-byte fields are
// aligned in a file that is read into aligned memory.
struct Prefix {
  char magic[8];
  uint32_t major;
  uint32_t minor;
  uint64_t payloadBytes; // all bytes after the prefix
  uint64_t payloadHash;  // XXH3-64 of them
  uint8_t zero[32];
};
static_assert(sizeof(Prefix) == 64);

} // namespace rondo::rt::format
