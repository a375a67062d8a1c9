// Whether text from a file is UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

namespace rondo::rt {

// The length of the longest valid prefix: text.size() if all of it is valid. Overlong forms, surrogates and
// code points beyond U+10FFFF are invalid, as Unicode says.
size_t validUtf8Prefix(std::string_view text);

inline bool isValidUtf8(std::string_view text) { return validUtf8Prefix(text) == text.size(); }

} // namespace rondo::rt
