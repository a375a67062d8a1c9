// Compiled gradients of the ops whose parameter is a matrix, in both storage layouts.
#include "test/property/CaseFactor.h"
#include "test/property/gradients/GradientCase.h"

#include <gtest/gtest.h>

using namespace rondo::test;

namespace {

struct Sizes {
  int64_t batch, time, n, k;
  int64_t rows() const { return batch * time; }
};

Sizes randomSizes(std::mt19937_64 &random) {
  auto width = [&] { return pick(random, {1, 5, 16, 31, 32, 33, 40, 64, 97, 130, 288, 300}); };
  return {pick(random, {1, 2, 3}), pick(random, {1, 3, 21, 64, 85, 150, 301}), width(), width()};
}

void checkInput(const Sizes &s, bool inPanels, std::mt19937_64 &random) {
  Floats dy = randomFloats(s.rows() * s.n, random), w = randomFloats(s.n * s.k, random);
  std::string dyType = tensor({s.batch, s.time, s.n}), wType = tensor({s.n, s.k}, "f32", inPanels);
  GradientCase test{{dyType, wType}, "", tensor({s.batch, s.time, s.k}), s.batch, s.time};
  test.body = "  %r = rondo.linear_grad_input %a0, %a1 : (" + dyType + ", " + wType + ") -> " + test.result;
  std::vector<Buffer> inputs;
  inputs.push_back(Buffer::of(dy));
  inputs.push_back(Buffer::of(inPanels ? toPanels(w, s.n, s.k) : w));
  std::vector<Expected> expected(s.rows() * s.k);
  for (int64_t row = 0; row < s.rows(); ++row)
    for (int64_t i = 0; i < s.n; ++i)
      for (int64_t j = 0; j < s.k; ++j)
        expected[row * s.k + j].add(double(dy[row * s.n + i]) * w[i * s.k + j]);
  expectNear(test.run(inputs), expected, s.n);
}

// Panels of a result are compared element by element, padding included.
void expectTable(const Floats &actual, const std::vector<Expected> &expected, int64_t n, int64_t k,
                 int64_t terms, bool inPanels) {
  if (!inPanels)
    return expectNear(actual, expected, terms);
  std::vector<Expected> panels((n + 31) / 32 * 32 * k);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < k; ++j)
      panels[(i / 32 * k + j) * 32 + i % 32] = expected[i * k + j];
  expectNear(actual, panels, terms);
}

void checkWeight(const Sizes &s, bool inPanels, std::mt19937_64 &random) {
  Floats dy = randomFloats(s.rows() * s.n, random), x = randomFloats(s.rows() * s.k, random);
  std::string dyType = tensor({s.batch, s.time, s.n}), xType = tensor({s.batch, s.time, s.k});
  GradientCase test{{dyType, xType}, "", tensor({s.n, s.k}, "f32", inPanels), s.batch, s.time};
  test.body = "  %r = rondo.linear_grad_weight %a0, %a1 : (" + dyType + ", " + xType + ") -> " + test.result;
  std::vector<Buffer> inputs;
  inputs.push_back(Buffer::of(dy));
  inputs.push_back(Buffer::of(x));
  std::vector<Expected> expected(s.n * s.k);
  for (int64_t row = 0; row < s.rows(); ++row)
    for (int64_t i = 0; i < s.n; ++i)
      for (int64_t j = 0; j < s.k; ++j)
        expected[i * s.k + j].add(double(dy[row * s.n + i]) * x[row * s.k + j]);
  expectTable(test.run(inputs), expected, s.n, s.k, s.rows(), inPanels);
}

void checkEmbedding(const Sizes &s, bool inPanels, std::mt19937_64 &random) {
  std::vector<int32_t> tokens(s.rows());
  for (int32_t &token : tokens) // the first and the last row, and repeated ones
    token = static_cast<int32_t>(random() % 4 == 0 ? random() % 2 * (s.n - 1) : random() % s.n);
  Floats dy = randomFloats(s.rows() * s.k, random);
  std::string tokenType = tensor({s.batch, s.time}, "i32"), dyType = tensor({s.batch, s.time, s.k});
  GradientCase test{{tokenType, dyType}, "", tensor({s.n, s.k}, "f32", inPanels), s.batch, s.time};
  test.body = "  %r = rondo.embedding_grad %a0, %a1 vocabulary " + std::to_string(s.n) + " : (" + tokenType +
              ", " + dyType + ") -> " + test.result;
  std::vector<Buffer> inputs;
  inputs.push_back(Buffer::of(tokens));
  inputs.push_back(Buffer::of(dy));
  std::vector<Expected> expected(s.n * s.k);
  for (int64_t row = 0; row < s.rows(); ++row)
    for (int64_t j = 0; j < s.k; ++j)
      expected[tokens[row] * s.k + j].add(dy[row * s.k + j]);
  expectTable(test.run(inputs), expected, s.n, s.k, s.rows(), inPanels);
}

template <typename Check> void forRandomSizes(uint64_t firstSeed, unsigned cases, Check check) {
  for (uint64_t seed = firstSeed; seed < firstSeed + cases * rondo::property::caseFactor(); ++seed) {
    std::mt19937_64 random(seed);
    Sizes s = randomSizes(random);
    for (bool inPanels : {false, true}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ": B " + std::to_string(s.batch) + " T " +
                   std::to_string(s.time) + " N " + std::to_string(s.n) + " K " + std::to_string(s.k) +
                   (inPanels ? " in panels" : ""));
      check(s, inPanels, random);
      if (testing::Test::HasFatalFailure())
        return;
    }
  }
}

} // namespace

TEST(LinearGrad, InputAgreesWithFloat64) { forRandomSizes(100, 12, checkInput); }

TEST(LinearGrad, WeightAgreesWithFloat64) { forRandomSizes(200, 12, checkWeight); }

TEST(LinearGrad, LargeRegionsAndManyBlocks) {
  std::mt19937_64 random(7);
  for (bool inPanels : {false, true}) {
    checkInput({1, 530, 270, 520}, inPanels, random);
    checkWeight({1, 530, 270, 520}, inPanels, random);
  }
}

TEST(EmbeddingGrad, AgreesWithFloat64) { forRandomSizes(300, 8, checkEmbedding); }

// More rows than one workgroup has, the last ones in a panel of their own.
TEST(EmbeddingGrad, LargeVocabulary) {
  std::mt19937_64 random(8);
  for (bool inPanels : {false, true})
    checkEmbedding({2, 250, 4133, 70}, inPanels, random);
}
