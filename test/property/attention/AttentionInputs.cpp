// Random inputs of compiled attention.
#include "test/property/attention/AttentionInputs.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

namespace rondo::test {

using reference::chance;
using reference::pick;

static constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Tensor rounded(Tensor tensor) {
  for (double &value : tensor.data)
    value = static_cast<float>(value);
  return tensor;
}

Buffer floats(const Tensor &tensor) {
  return Buffer::of(std::vector<float>(tensor.data.begin(), tensor.data.end()));
}

bool sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

AttentionInputs::AttentionInputs(const AttentionCase &shape, Random &random)
    : shape(shape), problem(shape.problem()), lengths(shape.batch, static_cast<int32_t>(shape.time)) {
  if (shape.documents && !shape.wholeRows)
    for (int32_t &length : lengths)
      if (chance(random, 0.7))
        length = static_cast<int32_t>(chance(random, 0.2) ? 0 : pick(random, 0, shape.time));
  problem.q = rows(random, shape.heads, shape.keyWidth);
  problem.k = rows(random, shape.keyHeads, shape.keyWidth);
  problem.v = rows(random, shape.keyHeads, shape.valueWidth);
  dO = rows(random, shape.heads, shape.valueWidth);
  if (shape.documents)
    addDocuments(random);
  if (shape.caches)
    addCaches(random);
}

Tensor AttentionInputs::rows(Random &random, int64_t heads, int64_t width) const {
  Tensor tensor = rounded(reference::randomTensor(random, {shape.batch, shape.time, heads, width}));
  for (int64_t b = 0; b < shape.batch; ++b)
    std::fill(tensor.data.begin() + (b * shape.time + lengths[b]) * heads * width,
              tensor.data.begin() + (b + 1) * shape.time * heads * width, kNaN);
  return tensor;
}

void AttentionInputs::addDocuments(Random &random) {
  for (int64_t b = 0; b < shape.batch; ++b) {
    int64_t position =
        shape.wholeRows || chance(random, 0.3) ? 0 : pick(random, 0, chance(random, 0.5) ? 1000000 : 20);
    for (int64_t t = 0; t < shape.time; ++t) {
      if (t > 0 && chance(random, 2.0 / static_cast<double>(shape.time)))
        position = 0;
      positions.push_back(t < lengths[b] ? position++ : pick(random, 0, 3));
    }
  }
  problem.positions = Tensor({shape.batch, shape.time});
  problem.positions->data.assign(positions.begin(), positions.end());
  Tensor length({shape.batch});
  length.data.assign(lengths.begin(), lengths.end());
  std::tie(problem.index, problem.bounds) = reference::documentsOf(*problem.positions, &length);
}

void AttentionInputs::addCaches(Random &random) {
  for (const std::vector<int64_t> &cache : shape.cacheShapes())
    problem.caches.push_back(rounded(reference::randomTensor(random, cache)));
  for (int64_t p = 0; p < problem.patterns(); ++p)
    for (int64_t b = 0; b < shape.batch; ++b)
      for (int64_t head = 0; head < shape.heads; ++head) {
        int64_t open = static_cast<int64_t>(problem.positions->at({b, 0})) % problem.segments[p];
        for (int64_t i = 0; i < problem.capacity(p); ++i)
          if (problem.offset(p, head) + i * problem.ratios[p] >= open)
            for (Tensor *cache : {&problem.caches[2 * p], &problem.caches[2 * p + 1]}) {
              int64_t row = (b * cache->size(1) + problem.stream(p, head)) * cache->size(2) + i;
              std::fill_n(cache->data.begin() + row * cache->width(), cache->width(), kNaN);
            }
      }
}

std::vector<Buffer> AttentionInputs::buffers(const std::vector<const Tensor *> &further,
                                             bool withCaches) const {
  std::vector<Buffer> result;
  for (const Tensor *tensor : {&problem.q, &problem.k, &problem.v})
    result.push_back(floats(*tensor));
  for (const Tensor *tensor : further)
    result.push_back(floats(*tensor));
  if (shape.documents) {
    result.push_back(Buffer::of(positions));
    result.push_back(Buffer::of(lengths));
  }
  if (withCaches)
    for (const Tensor &cache : problem.caches)
      result.push_back(floats(cache));
  return result;
}

static Tensor rowOf(const Tensor &all, int64_t b) {
  std::vector<int64_t> shape = all.shape;
  shape[0] = 1;
  Tensor row(shape);
  std::copy_n(all.data.begin() + b * static_cast<int64_t>(row.data.size()), row.data.size(),
              row.data.begin());
  return row;
}

AttentionInputs::AttentionInputs(const AttentionInputs &all, const AttentionCase &one, int64_t b)
    : shape(one), problem(one.problem()), dO(rowOf(all.dO, b)), lengths{all.lengths[b]} {
  problem.q = rowOf(all.problem.q, b);
  problem.k = rowOf(all.problem.k, b);
  problem.v = rowOf(all.problem.v, b);
  for (const Tensor &cache : all.problem.caches)
    problem.caches.push_back(rowOf(cache, b));
  if (one.documents)
    positions.assign(all.positions.begin() + b * one.time, all.positions.begin() + (b + 1) * one.time);
}

AttentionInputs AttentionInputs::row(const AttentionCase &one, int64_t b) const { return {*this, one, b}; }

// ---- comparison
// ------------------------------------------------------------------------------------------------------

static double largestFinite(const Tensor &tensor) {
  double largest = 0;
  for (double value : tensor.data)
    if (std::isfinite(value))
      largest = std::max(largest, std::abs(value));
  return largest;
}

double lossOf(const AttentionProblem &problem, const Tensor &lse) {
  auto sum = [](int64_t terms) { return 4 + std::sqrt(static_cast<double>(terms)) / 2; };
  double scores = sum(problem.q.width()) * (1 + problem.largestScore());
  return std::numeric_limits<float>::epsilon() * (sum(problem.time()) + scores + largestFinite(lse));
}

void expectNear(const std::vector<float> &actual, const Summed &expected, double loss, const char *what) {
  ASSERT_EQ(actual.size(), expected.value.data.size()) << what;
  for (size_t i = 0; i < actual.size(); ++i)
    ASSERT_LE(std::abs(actual[i] - expected.value.data[i]), loss * expected.magnitude.data[i] + 1e-30)
        << what << "[" << i << "]: expected " << expected.value.data[i] << ", found " << actual[i];
}

void expectLse(const std::vector<float> &actual, const Tensor &expected, double loss) {
  ASSERT_EQ(actual.size(), expected.data.size());
  for (size_t i = 0; i < actual.size(); ++i)
    if (std::isinf(expected.data[i]))
      ASSERT_EQ(actual[i], expected.data[i]) << "lse[" << i << "]";
    else
      ASSERT_LE(std::abs(actual[i] - expected.data[i]), loss) << "lse[" << i << "]";
}

} // namespace rondo::test
