// Random inputs of compiled attention, and the same numbers as a problem for the definition in float64.
#pragma once

#include "test/evaluator/AttentionCase.h"
#include "test/property/retention/CompiledModule.h"

namespace rondo::test {

using reference::AttentionCase;
using reference::AttentionProblem;
using reference::Random;
using reference::Summed;
using reference::Tensor;

// Positions go on from up to 10^6 and restart; what stands beyond a row's length, and cached rows that no
// query can see, are NaN.
struct AttentionInputs {
  AttentionInputs(const AttentionCase &shape, Random &random);

  const AttentionCase &shape;
  AttentionProblem problem; // q, k, v, documents and caches; every number is an f32
  Tensor dO;
  std::vector<int64_t> positions;
  std::vector<int32_t> lengths;

  // Arguments in the order q, k, v, `further`, documents, caches.
  std::vector<Buffer> buffers(const std::vector<const Tensor *> &further = {}, bool withCaches = true) const;
  // Batch row `b` alone; `one` is its shape.
  AttentionInputs row(const AttentionCase &one, int64_t b) const;

private:
  AttentionInputs(const AttentionInputs &all, const AttentionCase &one, int64_t b);
  Tensor rows(Random &random, int64_t heads, int64_t width) const;
  void addDocuments(Random &random);
  void addCaches(Random &random);
};

Buffer floats(const Tensor &tensor);
// Every number as the nearest f32.
Tensor rounded(Tensor tensor);
bool sameBits(const std::vector<float> &a, const std::vector<float> &b);

// The share of a sum's magnitude that f32 may lose: sums of T and D terms, and scores whose rounding moves
// every weight.
double lossOf(const AttentionProblem &problem, const Tensor &lse);
// Failures of the test where |actual - value| > loss * magnitude.
void expectNear(const std::vector<float> &actual, const Summed &expected, double loss, const char *what);
// Log-sum-exps, some of which are minus infinity.
void expectLse(const std::vector<float> &actual, const Tensor &expected, double loss);

} // namespace rondo::test
