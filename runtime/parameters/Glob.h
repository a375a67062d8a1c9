// Name patterns of --ignore.
#pragma once

#include <string_view>

namespace rondo::rt {

// Whether all of `name` matches `pattern`, in which * stands for any text and ? for any one byte.
bool globMatches(std::string_view pattern, std::string_view name);

} // namespace rondo::rt
