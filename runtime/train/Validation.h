// How well a model predicts documents that it is not trained on.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/train/Corpus.h"
#include "runtime/train/DocumentSet.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace rondo::rt {

struct ValidationScore {
  double nats = 0;      // sum of -log p, from double sums in a fixed order
  uint64_t targets = 0; // tokens that were predicted: all but the first of each document

  double loss() const { return nats / static_cast<double>(targets); } // mean, in nats per token
  double bitsPerToken() const { return loss() / 0.6931471805599453; } // bits per byte where tokens are bytes
};

// Runs documents through the entry `score`, each from an empty state to its end in stretches of T, B at a
// time. A document's score does not depend on the others.
class Validation {
public:
  // Null if the package has no entry `score`; RND3506 if the documents have no token to predict.
  // At most `limit` tokens are looked at (0: all): the first ones, so that every score is of the same.
  static absl::StatusOr<std::unique_ptr<Validation>> create(Session &session, Corpus &corpus,
                                                            const DocumentSet &documents, uint64_t limit);

  // Uses the session's states and gives them back as they were.
  absl::StatusOr<ValidationScore> score();

private:
  // A row of the entry, and the document that it walks through.
  struct Lane {
    uint64_t document = 0, done = 0;
    uint64_t targets = 0; // of the current stretch
    bool busy = false;
  };

  Validation(Session &session, Corpus &corpus, DocumentSet documents)
      : session_(&session), corpus_(&corpus), documents_(std::move(documents)) {}
  absl::StatusOr<bool> fill();
  absl::Status fillLane(uint64_t row);
  absl::Status run();
  void collect(ValidationScore &score);

  Session *session_;
  Corpus *corpus_;
  DocumentSet documents_;
  Executor *executor_ = nullptr;
  uint64_t next_ = 0; // document
  std::vector<Lane> lanes_;
  std::vector<int32_t> tokens_, targets_, lengths_, piece_;
};

} // namespace rondo::rt
