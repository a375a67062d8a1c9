// Spikes against running means.
#include "runtime/train/LossGuard.h"

#include <algorithm>
#include <cmath>

namespace rondo::rt {
namespace {

constexpr uint64_t kSettle = 20;      // losses before there is an opinion
constexpr double kMemory = 0.95;      // of the means: the last twenty steps or so
constexpr double kSpikeFactor = 1.5;  // of the mean ...
constexpr double kSpikeDistances = 5; // ... and this many mean distances above it
constexpr double kHighFactor = 2;
constexpr uint64_t kHighSteps = 50;

} // namespace

LossGuard::Verdict LossGuard::observe(double loss, double gradientNorm) {
  if (!std::isfinite(loss) || !std::isfinite(gradientNorm)) {
    ++notFiniteRun_;
    return Verdict::NotFinite;
  }
  notFiniteRun_ = 0;
  bool settled = observed_ >= kSettle;
  highRun_ = settled && loss > kHighFactor * mean_ ? highRun_ + 1 : 0;
  if (highRun_ >= kHighSteps)
    return Verdict::Diverged;
  if (settled && loss > kSpikeFactor * mean_ && loss > mean_ + kSpikeDistances * distance_)
    return Verdict::Spike;
  double memory = observed_ == 0 ? 0 : std::min(kMemory, 1 - 1 / static_cast<double>(observed_ + 1));
  distance_ = memory * distance_ + (1 - memory) * (observed_ == 0 ? 0 : std::abs(loss - mean_));
  mean_ = memory * mean_ + (1 - memory) * loss;
  ++observed_;
  return Verdict::Fine;
}

} // namespace rondo::rt
