// Orders and splits of documents.
#include "runtime/train/DocumentSet.h"

#include "runtime/random/Permutation.h"

#include <algorithm>

namespace rondo::rt {
namespace {

constexpr uint64_t kHeldOutShare = 20; // one in so many tokens
constexpr uint64_t kSplitStream = 0x53504C4954;

// Takes documents in a shuffled order until `wanted` tokens are held out; one that would lead past twice that
// is too large. Whether each is held out.
std::vector<bool> chooseDocuments(const DocumentSet &all, uint64_t wanted) {
  std::vector<bool> chosen(all.documents(), false);
  uint64_t tokens = 0;
  for (uint64_t i = 0; i < all.documents() && tokens < wanted; ++i) {
    uint64_t index = permutedIndex(0, kSplitStream, all.documents(), i);
    uint64_t size = all.document(index).tokens;
    if (size < 2 || tokens + size > 2 * wanted)
      continue;
    chosen[index] = true;
    tokens += size;
  }
  return chosen;
}

uint64_t largestDocument(const DocumentSet &all) {
  uint64_t largest = 0;
  for (uint64_t i = 1; i < all.documents(); ++i)
    if (all.document(i).tokens > all.document(largest).tokens)
      largest = i;
  return largest;
}

} // namespace

DocumentSet::DocumentSet(absl::Span<const uint64_t> starts) {
  for (size_t i = 0; i + 1 < starts.size(); ++i)
    add({starts[i], starts[i + 1] - starts[i]});
}

void DocumentSet::add(const Document &document) {
  firsts_.push_back(document.first);
  starts_.push_back(starts_.back() + document.tokens);
}

uint64_t DocumentSet::documentAt(uint64_t position) const {
  return static_cast<uint64_t>(std::upper_bound(starts_.begin(), starts_.end(), position) - starts_.begin()) -
         1;
}

DocumentSet DocumentSet::shuffled(uint64_t seed, uint64_t stream) const {
  DocumentSet set;
  set.firsts_.reserve(firsts_.size());
  set.starts_.reserve(starts_.size());
  for (uint64_t i = 0; i < documents(); ++i)
    set.add(document(permutedIndex(seed, stream, documents(), i)));
  return set;
}

HeldOut holdOut(const DocumentSet &all, uint64_t limit) {
  uint64_t wanted = all.tokens() / kHeldOutShare;
  if (limit != 0)
    wanted = std::min(wanted, limit);
  HeldOut split;
  if (wanted < 2) {
    split.training = all;
    return split;
  }
  std::vector<bool> chosen = chooseDocuments(all, wanted);
  bool whole = std::find(chosen.begin(), chosen.end(), true) != chosen.end();
  uint64_t cut = whole ? all.documents() : largestDocument(all);
  for (uint64_t i = 0; i < all.documents(); ++i) {
    DocumentSet::Document document = all.document(i);
    if (i == cut) {
      split.validation.add({document.first + document.tokens - wanted, wanted});
      document.tokens -= wanted;
    }
    (chosen[i] ? split.validation : split.training).add(document);
  }
  return split;
}

} // namespace rondo::rt
