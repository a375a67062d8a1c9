// Token files for tests.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace rondo::rt {

// The bytes of a token file as docs/format/tokens.md describes it, right or wrong.
struct TokenFileBytes {
  std::string magic = "RNDTOKEN";
  uint32_t version = 1;
  uint32_t elementBytes = 2;
  uint64_t tokens = 0;    // as the head says; 0: as there are
  uint64_t documents = 0; // likewise
  std::vector<uint64_t> starts;
  std::vector<uint32_t> values;

  std::string text() const {
    std::string bytes = magic;
    append(bytes, version, 4);
    append(bytes, elementBytes, 4);
    append(bytes, tokens ? tokens : values.size(), 8);
    append(bytes, documents ? documents : starts.size(), 8);
    for (uint64_t start : starts)
      append(bytes, start, 8);
    for (uint32_t value : values)
      append(bytes, value, elementBytes);
    return bytes;
  }

private:
  static void append(std::string &bytes, uint64_t value, size_t count) {
    for (size_t i = 0; i < count; ++i)
      bytes += static_cast<char>(i < 8 ? value >> (8 * i) : 0);
  }
};

} // namespace rondo::rt
