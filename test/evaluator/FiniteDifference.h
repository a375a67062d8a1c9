// Directional derivatives from values of a function alone: the oracle of everything that computes gradients.
#pragma once

#include "test/evaluator/Tensor.h"

#include <functional>
#include <optional>

namespace rondo::reference {

// The derivative of f at t = 0 by central differences, extrapolated twice; about 1e-10 of f's size. Empty
// where the last two extrapolations disagree: f has a kink there, or curves too much for these steps.
std::optional<double> derivativeAtZero(const std::function<double(double)> &f);

// a + t * b; shapes agree.
Tensor along(const Tensor &a, double t, const Tensor &b);

// The sum of the products of all elements.
double innerProduct(const Tensor &a, const Tensor &b);

// What a series of directional derivatives has shown: relative error of the gradient's against the
// differences', over all directions together.
class GradientScore {
public:
  void add(std::optional<double> difference, double gradient);

  int directions() const { return counted; }
  int skipped() const { return kinks; }
  double relativeError() const; // infinity if a gradient is not finite, 0 if nothing was counted

private:
  int counted = 0, kinks = 0;
  double errors = 0, squares = 0;
};

} // namespace rondo::reference
