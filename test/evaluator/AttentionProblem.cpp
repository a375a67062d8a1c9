// Attention and its derivative by definition.
#include "test/evaluator/AttentionProblem.h"

#include <cmath>
#include <limits>
#include <set>

namespace rondo::reference {

static const double *row(const Tensor &x, int64_t b, int64_t t, int64_t head) {
  return &x.data[static_cast<size_t>(((b * x.size(1) + t) * x.size(2) + head) * x.width())];
}

static size_t indexOf(const Tensor &x, int64_t b, int64_t t, int64_t head) {
  return static_cast<size_t>(((b * x.size(1) + t) * x.size(2) + head) * x.width());
}

static double dot(const double *a, const double *b, int64_t size) {
  double sum = 0;
  for (int64_t i = 0; i < size; ++i)
    sum += a[i] * b[i];
  return sum;
}

// ---- patterns and documents
// ------------------------------------------------------------------------------------------

int64_t AttentionProblem::offset(int64_t pattern, int64_t head) const {
  int64_t ratio = ratios[pattern];
  return modulo ? head % ratio : head / ((heads() + ratio - 1) / ratio);
}

static std::set<std::pair<int64_t, int64_t>> streamsOf(const AttentionProblem &problem, int64_t pattern) {
  std::set<std::pair<int64_t, int64_t>> streams;
  for (int64_t head = 0; head < problem.heads(); ++head)
    streams.insert({problem.keyHead(head), problem.offset(pattern, head)});
  return streams;
}

int64_t AttentionProblem::stream(int64_t pattern, int64_t head) const {
  auto streams = streamsOf(*this, pattern);
  return std::distance(streams.begin(), streams.find({keyHead(head), offset(pattern, head)}));
}

int64_t AttentionProblem::streams(int64_t pattern) const {
  return static_cast<int64_t>(streamsOf(*this, pattern).size());
}

AttentionProblem::Document AttentionProblem::document(int64_t b, int64_t number) const {
  if (!index)
    return {0, time(), 0};
  auto begin = static_cast<int64_t>(bounds->at({b, number}));
  auto first = static_cast<int64_t>(positions->at({b, 0}));
  int64_t end = number < time() ? static_cast<int64_t>(bounds->at({b, number + 1})) : begin;
  return {begin, end, number == 0 ? -first : begin};
}

std::vector<VisibleKey> AttentionProblem::visible(int64_t b, int64_t t, int64_t head) const {
  std::vector<VisibleKey> keys;
  Document own = document(b, index ? static_cast<int64_t>(index->at({b, t})) : 0);
  if (t < own.begin || t >= own.end)
    return keys;
  int64_t position = t - own.origin;
  for (int64_t p = 0; p < patterns(); ++p) {
    int64_t inSegment = position % segments[p], begin = position - inSegment;
    if (inSegment % ratios[p] != offset(p, head))
      continue;
    int64_t end = bidirectional ? std::min(begin + segments[p], own.end - own.origin) : position + 1;
    for (int64_t at = begin; at < end; ++at) {
      if ((at - begin) % ratios[p] != offset(p, head))
        continue;
      int64_t r = own.origin + at;
      if (r >= own.begin) {
        keys.push_back({p, position - at, row(k, b, r, keyHead(head)), row(v, b, r, keyHead(head)), r});
      } else if (!caches.empty()) {
        int64_t cached = (at - begin) / ratios[p], from = stream(p, head);
        keys.push_back({p, position - at, row(caches[2 * p], b, from, cached),
                        row(caches[2 * p + 1], b, from, cached), std::nullopt});
      }
    }
  }
  return keys;
}

// ---- forward
// ---------------------------------------------------------------------------------------------------------

static double laneFactor(const AttentionProblem &problem, int64_t lane, int64_t distance) {
  return problem.decay.empty() ? 1 : std::exp(problem.decay[lane] * static_cast<double>(distance));
}

double AttentionProblem::score(int64_t b, int64_t t, int64_t head, const VisibleKey &key) const {
  const double *query = row(q, b, t, head);
  double sum = 0;
  for (int64_t d = 0; d < q.width(); ++d)
    sum += query[d] * key.key[d] * laneFactor(*this, d, key.distance);
  return scale * sum;
}

template <typename Body> static void forQueries(const AttentionProblem &problem, Body body) {
  for (int64_t b = 0; b < problem.batch(); ++b)
    for (int64_t t = 0; t < problem.time(); ++t)
      for (int64_t head = 0; head < problem.heads(); ++head)
        body(b, t, head, problem.visible(b, t, head));
}

double AttentionProblem::largestScore() const {
  double largest = 0;
  forQueries(*this, [&](int64_t b, int64_t t, int64_t head, const std::vector<VisibleKey> &keys) {
    const double *query = row(q, b, t, head);
    for (const VisibleKey &key : keys) {
      double sum = 0;
      for (int64_t d = 0; d < q.width(); ++d)
        sum += std::abs(scale * query[d] * key.key[d]) * laneFactor(*this, d, key.distance);
      largest = std::max(largest, sum);
    }
  });
  return largest;
}

// e^score over their sum, and its logarithm.
static std::pair<std::vector<double>, double> softmax(std::vector<double> scores) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (double score : scores)
    largest = std::max(largest, score);
  for (double &score : scores)
    sum += score = std::exp(score - largest);
  for (double &score : scores)
    score /= sum;
  return {std::move(scores), scores.empty() ? largest : largest + std::log(sum)};
}

static std::vector<double> scoresOf(const AttentionProblem &problem, int64_t b, int64_t t, int64_t head,
                                    const std::vector<VisibleKey> &keys) {
  std::vector<double> scores;
  for (const VisibleKey &key : keys)
    scores.push_back(problem.score(b, t, head, key));
  return scores;
}

AttentionAnswer attend(const AttentionProblem &problem) {
  int64_t width = problem.v.width();
  AttentionAnswer answer{Summed({problem.batch(), problem.time(), problem.heads(), width}),
                         Tensor({problem.batch(), problem.time(), problem.heads()})};
  forQueries(problem, [&](int64_t b, int64_t t, int64_t head, const std::vector<VisibleKey> &keys) {
    auto [weights, lse] = softmax(scoresOf(problem, b, t, head, keys));
    answer.lse.at({b, t, head}) = lse;
    for (size_t n = 0; n < keys.size(); ++n)
      for (int64_t d = 0; d < width; ++d)
        answer.o.add(indexOf(answer.o.value, b, t, head) + d, weights[n] * keys[n].value[d]);
  });
  return answer;
}

// ---- backward
// --------------------------------------------------------------------------------------------------------

Tensor patternDots(const AttentionProblem &problem, const Tensor &dO) {
  Tensor dots({problem.batch(), problem.time(), problem.heads(), problem.patterns()});
  forQueries(problem, [&](int64_t b, int64_t t, int64_t head, const std::vector<VisibleKey> &all) {
    for (int64_t p = 0; p < problem.patterns(); ++p) {
      std::vector<VisibleKey> keys;
      for (const VisibleKey &key : all)
        if (key.pattern == p)
          keys.push_back(key);
      std::vector<double> weights = softmax(scoresOf(problem, b, t, head, keys)).first;
      for (size_t n = 0; n < keys.size(); ++n)
        dots.at({b, t, head, p}) += weights[n] * dot(row(dO, b, t, head), keys[n].value, problem.v.width());
    }
  });
  return dots;
}

namespace {

// What one query adds to the gradients.
class QueryGradient {
public:
  QueryGradient(const AttentionProblem &problem, AttentionGradient &sums, int64_t b, int64_t t, int64_t head)
      : problem(problem), sums(sums), b(b), t(t), head(head) {}

  // `weight` is p_ij; `delta` that of the key's pattern.
  void add(const VisibleKey &key, double weight, double delta, const double *dO) {
    double dots = dot(dO, key.value, problem.v.width()), size = std::abs(weight) * std::abs(delta);
    for (int64_t d = 0; d < problem.v.width(); ++d)
      size += std::abs(weight * dO[d] * key.value[d]);
    double ds = problem.scale * weight * (dots - delta);
    size *= std::abs(problem.scale);
    const double *query = row(problem.q, b, t, head);
    for (int64_t d = 0; d < problem.q.width(); ++d) {
      double factor = laneFactor(problem, d, key.distance);
      add(sums.dq, b, t, head, d, ds, size, key.key[d] * factor);
      if (key.row)
        add(sums.dk, b, *key.row, problem.keyHead(head), d, ds, size, query[d] * factor);
    }
    if (key.row)
      for (int64_t d = 0; d < problem.v.width(); ++d)
        add(sums.dv, b, *key.row, problem.keyHead(head), d, weight, weight, dO[d]);
  }

private:
  static void add(Summed &sum, int64_t b, int64_t t, int64_t head, int64_t lane, double value, double size,
                  double factor) {
    size_t at = indexOf(sum.value, b, t, head) + lane;
    sum.value.data[at] += value * factor;
    sum.magnitude.data[at] += size * std::abs(factor);
  }

  const AttentionProblem &problem;
  AttentionGradient &sums;
  int64_t b, t, head;
};

} // namespace

AttentionGradient attentionGradient(const AttentionProblem &problem, const Tensor &lse, const Tensor &delta,
                                    const Tensor &dO) {
  AttentionGradient sums{Summed(problem.q.shape), Summed(problem.k.shape), Summed(problem.v.shape)};
  forQueries(problem, [&](int64_t b, int64_t t, int64_t head, const std::vector<VisibleKey> &keys) {
    QueryGradient query(problem, sums, b, t, head);
    for (const VisibleKey &key : keys) {
      double weight = std::exp(problem.score(b, t, head, key) - lse.at({b, t, head}));
      query.add(key, weight, delta.at({b, t, head, delta.width() == 1 ? 0 : key.pattern}),
                row(dO, b, t, head));
    }
  });
  return sums;
}

// ---- documents and caches
// --------------------------------------------------------------------------------------------

std::pair<Tensor, Tensor> documentsOf(const Tensor &positions, const Tensor *length) {
  int64_t time = positions.size(1);
  Tensor index(positions.shape), bounds({positions.size(0), time + 1});
  for (int64_t b = 0; b < positions.size(0); ++b) {
    int64_t end = length ? static_cast<int64_t>(length->data[b]) : time;
    std::vector<int64_t> begins;
    for (int64_t t = 0; t < time; ++t) {
      if (t < end && (t == 0 || positions.at({b, t}) == 0))
        begins.push_back(t);
      index.at({b, t}) = static_cast<double>(begins.size()) - (t < end ? 1 : 0);
    }
    for (int64_t n = 0; n <= time; ++n)
      bounds.at({b, n}) = static_cast<double>(n < static_cast<int64_t>(begins.size()) ? begins[n] : end);
  }
  return {index, bounds};
}

Tensor appended(const AttentionProblem &problem, int64_t pattern, Tensor cache) {
  int64_t segment = problem.segments[pattern], ratio = problem.ratios[pattern];
  for (int64_t b = 0; b < problem.batch(); ++b) {
    auto length = static_cast<int64_t>(problem.bounds->at({b, problem.time()}));
    if (length == 0)
      continue;
    auto document = problem.document(b, static_cast<int64_t>(problem.index->at({b, length - 1})));
    int64_t next = length - document.origin, begin = next - next % segment;
    for (int64_t head = 0; head < problem.heads(); ++head)
      for (int64_t at = begin + problem.offset(pattern, head), i = 0; at < next; at += ratio, ++i)
        if (document.origin + at >= document.begin)
          std::copy_n(row(problem.k, b, document.origin + at, problem.keyHead(head)), cache.width(),
                      cache.data.begin() + indexOf(cache, b, problem.stream(pattern, head), i));
  }
  return cache;
}

} // namespace rondo::reference
