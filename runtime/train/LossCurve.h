// The course of a training run as a picture.
#pragma once

#include "runtime/status/Status.h"

#include "absl/types/span.h"

#include <cstdint>
#include <string>

namespace rondo::rt {

// A loss of one step; what is not finite is left out.
struct LossPoint {
  uint64_t step = 0;
  double loss = 0;
};

// An SVG picture with axes, one line for the training losses and one with dots for the validation losses,
// both ascending by step. Many training losses become means over equal stretches of steps. Equal points are
// equal bytes.
std::string lossCurveSvg(const std::string &title, absl::Span<const LossPoint> training,
                         absl::Span<const LossPoint> validation);

} // namespace rondo::rt
