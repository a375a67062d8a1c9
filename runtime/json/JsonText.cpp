// Strings as JSON.
#include "runtime/json/JsonText.h"

#include "absl/strings/str_cat.h"

namespace rondo::rt {

void appendJsonString(std::string &out, std::string_view text) {
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      absl::StrAppend(&out, "\\u", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad4));
    else
      out += c;
  }
  out += '"';
}

} // namespace rondo::rt
