// Sampling by temperature, then top-k, then top-p.
#include "runtime/generate/Sampler.h"

#include "absl/strings/str_cat.h"
#include "runtime/random/Philox.h"

#include <algorithm>
#include <cmath>

namespace rondo::rt {
namespace {

// The larger first; of equals the smaller token, so that the order is total.
constexpr auto isBetter = [](const auto &a, const auto &b) {
  return a.weight != b.weight ? a.weight > b.weight : a.token < b.token;
};

// The index of the first largest logit, or an error for logits that say nothing.
absl::StatusOr<size_t> findLargest(absl::Span<const float> logits) {
  size_t best = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (std::isnan(logits[i]) || logits[i] == INFINITY)
      return makeError(ErrorId::CheckFailed,
                       absl::StrCat("expected finite logits, found ", logits[i], " for token ", i));
    if (logits[i] > logits[best])
      best = i;
  }
  if (logits[best] == -INFINITY)
    return makeError(ErrorId::CheckFailed, "expected a finite logit, found minus infinity for every token");
  return best;
}

} // namespace

absl::StatusOr<Sampler> Sampler::create(const SamplerOptions &options, uint64_t vocabulary) {
  if (!(options.temperature >= 0) || !std::isfinite(options.temperature))
    return makeError(ErrorId::Usage,
                     absl::StrCat("expected a temperature of at least 0, found ", options.temperature));
  if (!(options.topP > 0 && options.topP <= 1))
    return makeError(ErrorId::Usage, absl::StrCat("expected top-p in (0, 1], found ", options.topP));
  if (vocabulary == 0 || vocabulary > INT32_MAX)
    return makeError(ErrorId::Usage,
                     absl::StrCat("expected a vocabulary that fits 31 bits, found ", vocabulary));
  Sampler sampler;
  sampler.options_ = options;
  sampler.candidates_.resize(vocabulary);
  return sampler;
}

absl::StatusOr<int32_t> Sampler::sample(absl::Span<const float> logits, uint64_t row, uint64_t step) {
  if (logits.size() != candidates_.size())
    return makeError(ErrorId::InputCount,
                     absl::StrCat("expected ", candidates_.size(), " logits, found ", logits.size()));
  RONDO_ASSIGN_OR_RETURN(size_t best, findLargest(logits));
  if (options_.temperature == 0)
    return static_cast<int32_t>(best);
  for (size_t i = 0; i < logits.size(); ++i) {
    double distance = static_cast<double>(logits[i]) - static_cast<double>(logits[best]);
    candidates_[i] = {std::exp(distance / options_.temperature), static_cast<int32_t>(i)};
  }
  size_t count = keepTopK(logits.size());
  double point = uniform64At(options_.seed, row, step);
  return options_.topP < 1 ? drawFromTop(count, point) : drawFromAll(count, point);
}

size_t Sampler::keepTopK(size_t count) {
  if (options_.topK == 0 || options_.topK >= count)
    return count;
  auto end = candidates_.begin() + static_cast<ptrdiff_t>(options_.topK);
  std::nth_element(candidates_.begin(), end - 1, candidates_.begin() + static_cast<ptrdiff_t>(count),
                   isBetter);
  std::sort(candidates_.begin(), end, isBetter); // nth_element's order is the library's own
  return options_.topK;
}

int32_t Sampler::drawFromAll(size_t count, double point) const {
  double total = 0;
  for (size_t i = 0; i < count; ++i)
    total += candidates_[i].weight;
  double reached = 0;
  int32_t drawn = candidates_[0].token;
  for (size_t i = 0; i < count; ++i) {
    if (candidates_[i].weight == 0)
      continue;
    drawn = candidates_[i].token; // the last one possible, should rounding leave `point` beyond the sum
    reached += candidates_[i].weight;
    if (point * total < reached)
      break;
  }
  return drawn;
}

// A heap gives the most probable tokens one by one: few are needed of a large vocabulary.
int32_t Sampler::drawFromTop(size_t count, double point) {
  double total = 0;
  for (size_t i = 0; i < count; ++i)
    total += candidates_[i].weight;
  auto isWorse = [](const Candidate &a, const Candidate &b) { return isBetter(b, a); };
  auto begin = candidates_.begin(), end = begin + static_cast<ptrdiff_t>(count);
  std::make_heap(begin, end, isWorse);
  double kept = 0;
  auto heapEnd = end;
  while (heapEnd != begin && kept < options_.topP * total) {
    std::pop_heap(begin, heapEnd, isWorse);
    kept += (--heapEnd)->weight;
  }
  // The kept ones lie behind heapEnd, the most probable last.
  double reached = 0;
  for (auto it = end; it != heapEnd;) {
    reached += (--it)->weight;
    if (point * kept < reached)
      return it->token;
  }
  return heapEnd->token;
}

} // namespace rondo::rt
