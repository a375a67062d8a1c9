// Some of a corpus's documents, in an order: what is trained on, what is held out, what one epoch reads.
#pragma once

#include "absl/types/span.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace rondo::rt {

// Plain numbers, 16 bytes per document. Positions count the tokens of the set's documents behind one another.
class DocumentSet {
public:
  struct Document {
    uint64_t first;  // its first token in the corpus
    uint64_t tokens; // not 0
  };

  DocumentSet() = default;
  // `starts` are Corpus::documentStarts().
  explicit DocumentSet(absl::Span<const uint64_t> starts);

  void add(const Document &document);

  uint64_t documents() const { return firsts_.size(); }
  uint64_t tokens() const { return starts_.back(); }
  // Tokens that are predicted from the one before them, in the same document.
  uint64_t targets() const { return tokens() - documents(); }
  Document document(uint64_t index) const { return {firsts_[index], starts_[index + 1] - starts_[index]}; }
  // The position of a document's first token.
  uint64_t start(uint64_t index) const { return starts_[index]; }
  // The document that has the token at `position`, which must be below tokens().
  uint64_t documentAt(uint64_t position) const;

  // The same documents in an order that is a pure function of (seed, stream) and their number.
  DocumentSet shuffled(uint64_t seed, uint64_t stream) const;

private:
  std::vector<uint64_t> firsts_;
  std::vector<uint64_t> starts_ = {0};
};

struct HeldOut {
  DocumentSet training, validation;
};

// Holds out about a twentieth of the tokens, at most `limit` (0: no limit): whole documents where some are
// small enough, else the end of the largest. Depends on the documents' lengths alone, so that runs with other
// seeds are compared on the same data. The validation set is empty if fewer than two tokens would be held
// out.
HeldOut holdOut(const DocumentSet &all, uint64_t limit);

} // namespace rondo::rt
