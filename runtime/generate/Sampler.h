// The choice of the next token from logits.
#pragma once

#include "absl/types/span.h"
#include "runtime/status/Status.h"

#include <cstdint>
#include <vector>

namespace rondo::rt {

struct SamplerOptions {
  double temperature = 1; // 0: the largest logit, the first among equals
  uint64_t topK = 0;      // only the k largest logits; 0: all
  double topP = 1;        // of those, the fewest most probable tokens that together reach p
  uint64_t seed = 0;
};

// What is drawn depends on the options, the logits, row and step alone, so that a continued sequence draws as
// an unbroken one. Used by one thread at a time. sample() allocates only for error messages.
class Sampler {
public:
  // RND2001 for options out of range: temperature >= 0, 0 < topP <= 1.
  static absl::StatusOr<Sampler> create(const SamplerOptions &options, uint64_t vocabulary);

  // A token for sequence `row` at position `step`. RND5001 if a logit is NaN or plus infinity, or none is
  // finite: minus infinity means never. RND2201 if there are not as many logits as tokens.
  absl::StatusOr<int32_t> sample(absl::Span<const float> logits, uint64_t row, uint64_t step);

private:
  struct Candidate {
    double weight; // probability, not normalised
    int32_t token;
  };

  size_t keepTopK(size_t count);
  int32_t drawFromAll(size_t count, double point) const;
  int32_t drawFromTop(size_t count, double point);

  SamplerOptions options_;
  std::vector<Candidate> candidates_; // scratch, as large as the vocabulary
};

} // namespace rondo::rt
