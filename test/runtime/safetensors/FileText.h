// Safetensors files as text, so that tests can write wrong ones.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace rondo::rt::safetensors {

// Eight bytes that claim a header of `length`, then the header, then `dataBytes` of data 0, 1, 2, ...
inline std::string fileText(const std::string &header, size_t dataBytes, uint64_t length) {
  std::string text(8, '\0');
  std::memcpy(text.data(), &length, 8);
  text += header;
  for (size_t i = 0; i < dataBytes; ++i)
    text += static_cast<char>(i);
  return text;
}

inline std::string fileText(const std::string &header, size_t dataBytes) {
  return fileText(header, dataBytes, header.size());
}

} // namespace rondo::rt::safetensors
