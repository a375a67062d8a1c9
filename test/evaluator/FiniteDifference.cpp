// Directional derivatives from values of a function alone.
#include "test/evaluator/FiniteDifference.h"

#include <cmath>

using namespace rondo::reference;

std::optional<double> rondo::reference::derivativeAtZero(const std::function<double(double)> &f) {
  auto central = [&](double step) { return (f(step) - f(-step)) / (2 * step); };
  double size = std::abs(f(0));
  double d[3];
  for (int i = 0; i < 3; ++i)
    d[i] = central(std::ldexp(2e-4, -i));
  double once = (4 * d[1] - d[0]) / 3, again = (4 * d[2] - d[1]) / 3, twice = (16 * again - once) / 15;
  // Written so that NaN is no result.
  if (!(std::abs(twice - again) <= 1e-7 * std::abs(twice) + 1e-9 * (1 + size)))
    return std::nullopt;
  return twice;
}

Tensor rondo::reference::along(const Tensor &a, double t, const Tensor &b) {
  Tensor sum = a;
  for (size_t i = 0; i < sum.data.size(); ++i)
    sum.data[i] += t * b.data[i];
  return sum;
}

double rondo::reference::innerProduct(const Tensor &a, const Tensor &b) {
  return std::inner_product(a.data.begin(), a.data.end(), b.data.begin(), 0.0);
}

void GradientScore::add(std::optional<double> difference, double gradient) {
  if (!difference) {
    ++kinks;
    return;
  }
  ++counted;
  errors += (gradient - *difference) * (gradient - *difference);
  squares += *difference * *difference;
}

double GradientScore::relativeError() const {
  if (counted == 0)
    return 0;
  double error = std::sqrt(errors / std::max(squares, 1e-12));
  return std::isfinite(error) ? error : std::numeric_limits<double>::infinity();
}
