// JSON text for the files that Rondo writes.
#pragma once

#include <string>
#include <string_view>

namespace rondo::rt {

// Appends `text` (UTF-8) as a JSON string: in quotes, with quotes, backslashes and control characters
// escaped.
void appendJsonString(std::string &out, std::string_view text);

} // namespace rondo::rt
