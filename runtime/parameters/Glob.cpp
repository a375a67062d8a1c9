// Matching of * and ? in time proportional to pattern times name, whatever the pattern.
#include "runtime/parameters/Glob.h"

namespace rondo::rt {

bool globMatches(std::string_view pattern, std::string_view name) {
  size_t p = 0, n = 0;
  // After a mismatch only the last star need take one more byte: earlier stars have the shortest match
  // already.
  size_t star = std::string_view::npos, starName = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      starName = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++starName;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

} // namespace rondo::rt
