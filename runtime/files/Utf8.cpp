// Validation of UTF-8 by the table of well-formed byte sequences (Unicode 3.9, table 3-7).
#include "runtime/files/Utf8.h"

#include <cstdint>
#include <cstring>

namespace rondo::rt {
namespace {

// The bytes that may follow a lead byte: how many, and the range of the first of them.
struct Followers {
  size_t count;
  uint8_t low;
  uint8_t high;
};

Followers followersOf(uint8_t lead) {
  if (lead < 0x80)
    return {0, 0, 0};
  if (lead >= 0xC2 && lead <= 0xDF)
    return {1, 0x80, 0xBF};
  if (lead >= 0xE0 && lead <= 0xEF)
    return {2, static_cast<uint8_t>(lead == 0xE0 ? 0xA0 : 0x80),
            static_cast<uint8_t>(lead == 0xED ? 0x9F : 0xBF)};
  if (lead >= 0xF0 && lead <= 0xF4)
    return {3, static_cast<uint8_t>(lead == 0xF0 ? 0x90 : 0x80),
            static_cast<uint8_t>(lead == 0xF4 ? 0x8F : 0xBF)};
  return {4, 1, 0}; // no byte fits: never a lead
}

bool isSequence(const uint8_t *bytes, size_t available, Followers followers) {
  if (followers.count >= available && followers.count != 0)
    return false;
  for (size_t i = 1; i <= followers.count; ++i) {
    uint8_t low = i == 1 ? followers.low : 0x80, high = i == 1 ? followers.high : 0xBF;
    if (bytes[i] < low || bytes[i] > high)
      return false;
  }
  return true;
}

} // namespace

size_t validUtf8Prefix(std::string_view text) {
  const uint8_t *bytes = reinterpret_cast<const uint8_t *>(text.data());
  size_t position = 0;
  while (position < text.size()) {
    // Headers are nearly all ASCII: eight bytes at a time.
    uint64_t word;
    while (text.size() - position >= sizeof word) {
      std::memcpy(&word, bytes + position, sizeof word);
      if (word & 0x8080808080808080u)
        break;
      position += sizeof word;
    }
    if (position == text.size())
      break;
    Followers followers = followersOf(bytes[position]);
    if (!isSequence(bytes + position, text.size() - position, followers))
      return position;
    position += 1 + followers.count;
  }
  return position;
}

} // namespace rondo::rt
