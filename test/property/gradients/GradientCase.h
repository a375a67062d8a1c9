// One compiled gradient op per case: run whole and in shares, read back from its storage layout, compared
// with float64.
#pragma once

#include "test/property/retention/CompiledModule.h"

#include <random>
#include <string>
#include <vector>

namespace rondo::test {

using Floats = std::vector<float>;

// What a result element must be, and the sum of the absolute values of its terms.
struct Expected {
  double value = 0, magnitude = 0;
  void add(double term) {
    value += term;
    magnitude += std::abs(term);
  }
};

Floats randomFloats(size_t size, std::mt19937_64 &random);
int64_t pick(std::mt19937_64 &random, std::initializer_list<int64_t> values);

// "tensor<2x3xf32>", with the storage layout of panels of 32 rows if wanted.
std::string tensor(const std::vector<int64_t> &shape, const char *element = "f32", bool inPanels = false);
// `[N, K]` from row-major to panels of 32 rows, padded with zeros.
Floats toPanels(const Floats &rows, int64_t n, int64_t k);

// An entry point of one op: `body` defines %r from %a0, %a1, ...
struct GradientCase {
  std::vector<std::string> arguments; // types
  std::string body, result;           // result type
  int64_t batch = 1, time = 1;

  std::string text() const;
  // The first result, the same bits in one share and in three: a mismatch is a failure of the test.
  template <typename T = float> std::vector<T> run(std::vector<Buffer> &inputs) const {
    CompiledModule module(text());
    std::vector<T> whole = module.run("entry", inputs)[0].values<T>();
    expectSameBytes(whole.data(), module.run("entry", inputs, 3)[0].data(), whole.size() * sizeof(T));
    return whole;
  }

private:
  static void expectSameBytes(const void *a, const void *b, size_t bytes);
};

// Within (8 + sqrt(terms) / 2) eps of the magnitude, plus `slack`.
void expectNear(const Floats &actual, const std::vector<Expected> &expected, int64_t terms, double slack = 0);

} // namespace rondo::test
