// Batches of packed documents, in an order that is a function of seed, epoch and index alone.
#pragma once

#include "runtime/train/Corpus.h"
#include "runtime/train/DocumentSet.h"
#include "runtime/train/TrainingState.h"

#include <cstdint>
#include <vector>

namespace rondo::rt {

// What happens to the states at the end of a row.
enum class Carry {
  None,  // every row starts from empty states; rows come in a shuffled order
  Detach // row b of the next batch continues row b of this one, without gradients between them
};

// B rows of T positions; all matrices are [B, T], row-major.
struct Batch {
  std::vector<int32_t> tokens;  // 0 where a row is longer than its data
  std::vector<int32_t> targets; // the token after each; -1 (ignored) at the end of a document and of the data
  std::vector<int32_t> segmentIds; // counts documents from 0 within each row
  std::vector<uint8_t> fresh;      // [B]: whether the row does not continue the last batch's row
  uint64_t targetCount = 0;        // targets that are not -1; at least 1
};

struct SamplerOptions {
  uint64_t batch = 1, time = 1; // both at least 1
  uint64_t seed = 0;
  Carry carry = Carry::None;
};

// An epoch reads every token of the set once. Its documents lie behind one another on a circle, turned by a
// random amount that differs by epoch, so that no document is always cut at the same places.
//  - Carry::None: the circle is cut into rows of T, the last of which may be shorter. A counter-based
//    permutation orders the rows. Nothing is stored per row.
//  - Carry::Detach: the circle, its documents shuffled for the epoch, is cut into B streams of equal length,
//    which the rows walk side by side.
// DataCursor::index counts the rows (Carry::None) or batches (Carry::Detach) of the epoch that have been
// read; it needs no streams. With Carry::None n batches of B rows hold what one of n * B rows does, and a
// batch may span two epochs.
class BatchSampler {
public:
  // `corpus` must outlive the sampler. RND3506 if the set has no targets.
  static absl::StatusOr<BatchSampler> create(Corpus &corpus, DocumentSet documents,
                                             const SamplerOptions &options);

  // How far the cursor's index counts.
  uint64_t indicesPerEpoch() const;

  // Makes the batch at `cursor`, which moves behind it; batches without targets are passed over, and a cursor
  // beyond the epoch's end means the next epoch's beginning. The errors are those of Corpus::read. Allocates
  // nothing but, with Carry::Detach, an epoch's order.
  absl::Status next(DataCursor &cursor, Batch &batch);

private:
  BatchSampler(Corpus &corpus, DocumentSet documents, const SamplerOptions &options)
      : corpus_(&corpus), documents_(std::move(documents)), options_(options) {}
  absl::Status fillShuffled(DataCursor &cursor, Batch &batch);
  absl::Status fillStreams(DataCursor &cursor, Batch &batch);
  // Row `row` gets the `length` tokens from `position` of the set on, which is a circle.
  absl::Status fillRow(const DocumentSet &set, uint64_t position, uint64_t length, uint64_t row,
                       Batch &batch);
  uint64_t streamLength() const;

  Corpus *corpus_;
  DocumentSet documents_;
  SamplerOptions options_;
  DocumentSet ordered_; // Detach: the documents of epoch orderedEpoch_
  uint64_t orderedEpoch_ = UINT64_MAX;
  std::vector<int32_t> piece_; // T + 1 tokens
};

} // namespace rondo::rt
