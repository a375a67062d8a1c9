// One compiled gradient op per case: run whole and in shares, read back from its storage layout, compared
// with float64.
#include "test/property/gradients/GradientCase.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

namespace rondo::test {

Floats randomFloats(size_t size, std::mt19937_64 &random) {
  std::normal_distribution<float> normal;
  Floats values(size);
  for (float &value : values)
    value = normal(random);
  return values;
}

int64_t pick(std::mt19937_64 &random, std::initializer_list<int64_t> values) {
  return values.begin()[random() % values.size()];
}

std::string tensor(const std::vector<int64_t> &shape, const char *element, bool inPanels) {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + element + (inPanels ? ", #rondo.layout<panels, 32>>" : ">");
}

Floats toPanels(const Floats &rows, int64_t n, int64_t k) {
  Floats panels((n + 31) / 32 * 32 * k);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < k; ++j)
      panels[(i / 32 * k + j) * 32 + i % 32] = rows[i * k + j];
  return panels;
}

std::string GradientCase::text() const {
  std::string text = "func.func @entry(";
  for (size_t i = 0; i < arguments.size(); ++i)
    text += (i ? ", %a" : "%a") + std::to_string(i) + ": " + arguments[i];
  text += ") -> " + result +
          "\n    attributes {rondo.entry = #rondo.entry<forward, B = " + std::to_string(batch) +
          ", T = " + std::to_string(time) + ", slots = 1>} {\n";
  return text + body + "\n  return %r : " + result + "\n}\n";
}

void GradientCase::expectSameBytes(const void *a, const void *b, size_t bytes) {
  EXPECT_EQ(std::memcmp(a, b, bytes), 0) << "the result depends on how its workgroups are shared out";
}

void expectNear(const Floats &actual, const std::vector<Expected> &expected, int64_t terms, double slack) {
  ASSERT_EQ(actual.size(), expected.size());
  double bound = (8 + 0.5 * std::sqrt(static_cast<double>(terms))) * std::numeric_limits<float>::epsilon();
  for (size_t i = 0; i < actual.size(); ++i)
    ASSERT_NEAR(actual[i], expected[i].value, bound * expected[i].magnitude + slack) << "element " << i;
}

} // namespace rondo::test
