// Edit distance over lists of names.
#include "runtime/status/NearestName.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace rondo::rt {

// Insertions, removals and replacements of one letter that turn `a` into `b`.
static size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string nearestName(std::string_view name, absl::Span<const std::string> known) {
  std::string nearest;
  size_t best = name.size() / 2 + 1; // more edits than that, and nothing of the name is left
  for (const std::string &candidate : known) {
    size_t distance = editDistance(name, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

} // namespace rondo::rt
