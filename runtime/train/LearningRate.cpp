// Learning-rate schedules.
#include "runtime/train/LearningRate.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace rondo::rt {
namespace {

constexpr double kCosineFloor = 0.1;
constexpr double kDecayShare = 0.2;
constexpr double kLeastPeak = 1e-4; // the formula falls below zero at 10^10 parameters

} // namespace

std::optional<RateSchedule> rateScheduleNamed(std::string_view name) {
  if (name == "cosine")
    return RateSchedule::Cosine;
  if (name == "linear")
    return RateSchedule::Linear;
  if (name == "constant")
    return RateSchedule::Constant;
  if (name == "wsd")
    return RateSchedule::WarmupStableDecay;
  return std::nullopt;
}

double LearningRate::at(uint64_t step) const {
  double total = static_cast<double>(steps), now = static_cast<double>(step);
  double rising = std::ceil(std::clamp(warmup, 0.0, 1.0) * total);
  if (now < rising)
    return peak * now / rising;
  // 0 at the end of the rise, below 1 at the last step.
  double fallen = std::clamp((now - rising) / (total - rising + 1), 0.0, 1.0);
  switch (schedule) {
  case RateSchedule::Constant:
    return peak;
  case RateSchedule::Linear:
    return peak * (1 - fallen);
  case RateSchedule::Cosine:
    return peak * (kCosineFloor + (1 - kCosineFloor) * 0.5 * (1 + std::cos(std::numbers::pi * fallen)));
  case RateSchedule::WarmupStableDecay: {
    double decay = std::ceil(kDecayShare * total);
    double inside = std::clamp((now - (total - decay)) / (decay + 1), 0.0, 1.0);
    return peak * (1 - std::sqrt(inside));
  }
  }
  return peak;
}

double usualPeakRate(uint64_t parameters) {
  double logarithm = std::log(static_cast<double>(std::max<uint64_t>(parameters, 1)));
  return std::max(0.003239 - 0.0001395 * logarithm, kLeastPeak);
}

} // namespace rondo::rt
