// The learning rate of each step: a rise, then a plateau, a fall or both.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rondo::rt {

enum class RateSchedule {
  Cosine,            // half a cosine wave down to a tenth of the peak
  Linear,            // a straight line to zero
  Constant,          // the peak
  WarmupStableDecay, // the peak, then in the last fifth of all steps 1 - sqrt(x) to zero (Haegele et al.,
                     // 2024)
};

// By the names of the command line: "cosine", "linear", "constant", "wsd".
std::optional<RateSchedule> rateScheduleNamed(std::string_view name);

struct LearningRate {
  double peak = 0;
  RateSchedule schedule = RateSchedule::Cosine;
  double warmup = 0;  // share of the steps in which the rate rises to its peak in a straight line
  uint64_t steps = 0; // of the whole run

  // The rate of `step`, which counts from 1 to `steps`. Never zero for a peak above zero.
  double at(uint64_t step) const;
};

// A peak that suits a model of so many trained parameters (Kaplan et al., "Scaling laws for neural language
// models", 2020, D.6), as a start where nobody has tuned it.
double usualPeakRate(uint64_t parameters);

} // namespace rondo::rt
