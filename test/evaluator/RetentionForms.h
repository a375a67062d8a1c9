// Retention by definition, and by the formulas of its three schedules, in float64.
#pragma once

#include "test/evaluator/Tensor.h"

#include <optional>

namespace rondo::reference {

// q, k: [B, T, Hq | Hk, Dk]; v: [B, T, Hv, Dv].
struct RetentionProblem {
  Tensor q, k, v;
  Tensor decay;                 // [B, T, H]: g per token and head, resets not yet applied
  std::optional<Tensor> state;  // [B, H, Dk, Dv], or [B, H, Dv, Dk] if transposed
  std::optional<Tensor> reset;  // [B, T], 1 where a document starts
  std::optional<Tensor> length; // [B]
  bool adjoint = false, transposed = false;

  int64_t batch() const { return q.size(0); }
  int64_t time() const { return q.size(1); }
  int64_t heads() const { return decay.size(2); }
};

struct RetentionAnswer {
  Tensor o;     // zeros in padding
  Tensor state; // laid out like the problem's
};

// S_t = g_t S_{t-1} + k_t v_t^T, o_t = S_t^T q_t; adjoint: S_t = g_{t+1} S_{t+1} + k_t v_t^T, state out g_0
// S_0.
RetentionAnswer retainByDefinition(const RetentionProblem &problem);
// o = ((q k^T) .* D) v + the share of the incoming state, as one sum over all pairs of positions.
RetentionAnswer retainInParallel(const RetentionProblem &problem);
// The parallel form inside chunks, the recurrence between them.
RetentionAnswer retainInChunks(const RetentionProblem &problem, int64_t chunk);

// g^(t - m) q_t . k_m for head h of batch row b, forward direction.
double retentionScore(const RetentionProblem &problem, int64_t b, int64_t h, int64_t t, int64_t m);

// torchscale's row scale. `initial` is a_{-1} `[B, H]`, absent: 0.
struct RowScales {
  Tensor factors; // [B, T, H]: what rows of o are multiplied with; 0 in padding
  Tensor last;    // [B, H]: the last a
};
RowScales rowScales(const RetentionProblem &problem, const Tensor *initial, bool byScores);

} // namespace rondo::reference
