// Attention and its derivative by definition: every query looks at every key that its patterns show, one by
// one.
#pragma once

#include "test/evaluator/Tensor.h"

#include <optional>

namespace rondo::reference {

// One thing that a query sees: a key of the stretch or of a cache, under one pattern.
struct VisibleKey {
  int64_t pattern;
  int64_t distance;           // of the key behind the query, in tokens
  const double *key, *value;  // D and Dv numbers
  std::optional<int64_t> row; // of the stretch; none: in a cache
};

// Values, and for each the sum of the absolute values of its terms.
struct Summed {
  explicit Summed(const std::vector<int64_t> &shape) : value(shape), magnitude(shape) {}
  void add(size_t at, double term) {
    value.data[at] += term;
    magnitude.data[at] += term < 0 ? -term : term;
  }
  Tensor value, magnitude;
};

struct AttentionProblem {
  Tensor q, k, v;                                 // [B, T, H, D], [B, T, G, D], [B, T, G, Dv]
  std::optional<Tensor> positions, index, bounds; // documents: all three
  std::vector<Tensor> caches;                     // per pattern keys and values, or none
  std::vector<int64_t> segments, ratios;          // per pattern
  bool modulo = false;                            // head offsets: h mod r, else floor(h / ceil(H / r))
  double scale = 1;
  std::vector<double> decay; // per lane; empty: zeros
  bool bidirectional = false;

  int64_t batch() const { return q.size(0); }
  int64_t time() const { return q.size(1); }
  int64_t heads() const { return q.size(2); }
  int64_t keyHeads() const { return k.size(2); }
  int64_t keyHead(int64_t head) const { return head / (heads() / keyHeads()); }
  int64_t patterns() const { return static_cast<int64_t>(segments.size()); }
  int64_t offset(int64_t pattern, int64_t head) const;
  // Of (head of k, offset) in the caches of `pattern`; their number is that of the largest, plus one.
  int64_t stream(int64_t pattern, int64_t head) const;
  int64_t streams(int64_t pattern) const;
  int64_t capacity(int64_t pattern) const {
    return (segments[pattern] + ratios[pattern] - 1) / ratios[pattern];
  }

  // A key stands here once per pattern that shows it.
  std::vector<VisibleKey> visible(int64_t b, int64_t t, int64_t head) const;
  double score(int64_t b, int64_t t, int64_t head, const VisibleKey &key) const;
  // The largest scale sum_d |q_d k_d| e^{..} of any visible pair: what scores lose to rounding is its share.
  double largestScore() const;
  // Where a row's document n begins (row of the stretch) and where its position 0 stands.
  struct Document {
    int64_t begin, end, origin;
  };
  Document document(int64_t b, int64_t number) const;
};

struct AttentionAnswer {
  Summed o;   // [B, T, H, Dv]
  Tensor lse; // [B, T, H]
};
AttentionAnswer attend(const AttentionProblem &problem);

// [B, T, H, P]: what attention_pattern_dots says, without d_lse.
Tensor patternDots(const AttentionProblem &problem, const Tensor &dO);

struct AttentionGradient {
  Summed dq, dk, dv;
};
// `delta` [B, T, H, 1] or [B, T, H, P].
AttentionGradient attentionGradient(const AttentionProblem &problem, const Tensor &lse, const Tensor &delta,
                                    const Tensor &dO);

// Index and bounds of `positions` [B, T]; `length` [B].
std::pair<Tensor, Tensor> documentsOf(const Tensor &positions, const Tensor *length);

// The cache of `pattern` after the stretch of `problem`, whose k are the rows; q only tells the heads.
Tensor appended(const AttentionProblem &problem, int64_t pattern, Tensor cache);

} // namespace rondo::reference
