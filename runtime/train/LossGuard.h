// Watches the losses of a run for the two ways in which it fails: numbers that are none, and divergence.
#pragma once

#include <cstdint>

namespace rondo::rt {

// Follows the loss with exponential means of its value and of its distance from it. Plain numbers; feeding it
// the same losses again, from a log for example, gives the same verdicts.
class LossGuard {
public:
  enum class Verdict {
    Fine,
    Spike,     // far above what the last steps gave, once
    Diverged,  // more than twice what it was, and not back for many steps
    NotFinite, // the loss or the gradient's norm is infinite or no number
  };

  // Losses that are not finite, and spikes, do not enter the means.
  Verdict observe(double loss, double gradientNorm);

  // What the last steps gave; 0 before the first.
  double mean() const { return mean_; }
  // Steps in a row that were not finite, the last included.
  uint64_t notFiniteRun() const { return notFiniteRun_; }

private:
  double mean_ = 0, distance_ = 0;
  uint64_t observed_ = 0, notFiniteRun_ = 0, highRun_ = 0;
};

} // namespace rondo::rt
