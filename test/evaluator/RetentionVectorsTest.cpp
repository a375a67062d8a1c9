// The definition against the conformance vectors of the bare operator: outputs, states, and gradients as
// retention itself.
#include "test/evaluator/RandomGraph.h"
#include "test/evaluator/RetentionForms.h"
#include "test/evaluator/VectorFile.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace rondo::reference;

namespace {

constexpr double kTolerance = 1e-11; // of float64 programs, as the vectors state it

class RetentionVectors : public testing::TestWithParam<const char *> {
protected:
  // `[B, H, T, dim]` <-> `[B, T, H, dim]`.
  static Tensor swapped(const Tensor &x) {
    Tensor y({x.size(0), x.size(2), x.size(1), x.size(3)});
    for (int64_t b = 0; b < x.size(0); ++b)
      for (int64_t i = 0; i < x.size(1); ++i)
        for (int64_t j = 0; j < x.size(2); ++j)
          for (int64_t d = 0; d < x.size(3); ++d)
            y.at({b, j, i, d}) = x.at({b, i, j, d});
    return y;
  }
  static const Tensor &vector(const std::string &name) {
    static const std::map<std::string, Tensor> all =
        readVectors(RONDO_SOURCE_DIR "/test/conformance/vectors/retention_op.safetensors");
    return all.at(std::string(GetParam()) + "." + name);
  }
  static bool has(const std::string &name) {
    return readVectors(RONDO_SOURCE_DIR "/test/conformance/vectors/retention_op.safetensors")
        .count(std::string(GetParam()) + "." + name);
  }
  static RetentionProblem problem(const char *q, const char *k, const char *v, bool adjoint) {
    RetentionProblem p;
    p.q = swapped(vector(q));
    p.k = swapped(vector(k));
    p.v = swapped(vector(v));
    p.adjoint = adjoint;
    const Tensor &gamma = vector("gamma");
    p.decay = Tensor({p.batch(), p.time(), gamma.size(0)});
    for (size_t i = 0; i < p.decay.data.size(); ++i)
      p.decay.data[i] = gamma.data[i % gamma.data.size()];
    return p;
  }
  // Every form gives `o`, and the definition's answer is returned.
  static RetentionAnswer check(const RetentionProblem &p, const char *o) {
    Tensor expected = swapped(vector(o));
    RetentionAnswer answer = retainByDefinition(p);
    EXPECT_LE(relativeDifference(expected, answer.o), kTolerance) << o;
    EXPECT_LE(relativeDifference(expected, retainInParallel(p).o), kTolerance) << o;
    for (int64_t chunk : {1, 5, 16})
      EXPECT_LE(relativeDifference(expected, retainInChunks(p, chunk).o), kTolerance)
          << o << " chunk " << chunk;
    return answer;
  }
};

TEST_P(RetentionVectors, Forward) {
  RetentionProblem p = problem("q", "k", "v", false);
  if (has("s_in"))
    p.state = vector("s_in");
  EXPECT_LE(relativeDifference(vector("s_out"), check(p, "o").state), kTolerance);
}

// dq = R(do, v, k; S_in^T), dk = R'(v, do, q; G^T), dv = R'(k, q, do; G), dS_in = the final state of the
// last.
TEST_P(RetentionVectors, GradientsAreRetentionItself) {
  RetentionProblem dq = problem("d_o", "v", "k", false);
  dq.transposed = true;
  if (has("s_in"))
    dq.state = vector("s_in");
  check(dq, "dq");

  RetentionProblem dk = problem("v", "d_o", "q", true);
  dk.transposed = true;
  dk.state = vector("d_s_out");
  check(dk, "dk");

  RetentionProblem dv = problem("k", "q", "d_o", true);
  dv.state = vector("d_s_out");
  RetentionAnswer answer = check(dv, "dv");
  if (has("ds_in"))
    EXPECT_LE(relativeDifference(vector("ds_in"), answer.state), kTolerance);
}

// Three sequences in one row, parted by resets. The vectors begin each with a state of its own,
// which a row cannot; retention is linear in its state, so what the later states add is subtracted.
class PackedRetention : public RetentionVectors {
protected:
  struct Sequence {
    int64_t begin, end;
  };
  static std::vector<Sequence> sequences() {
    const std::vector<double> &bounds = vector("cu_seqlens").data;
    std::vector<Sequence> all;
    for (size_t i = 0; i + 1 < bounds.size(); ++i)
      all.push_back({static_cast<int64_t>(bounds[i]), static_cast<int64_t>(bounds[i + 1])});
    return all;
  }
  // Takes g^(t - begin + 1) q_t^T S of every later sequence from the outputs `o` [B, T, H, dv].
  static void subtractStates(Tensor &o) {
    const Tensor &q = vector("q"), &s = vector("s_in"), &gamma = vector("gamma");
    for (size_t n = 1; n < sequences().size(); ++n)
      for (int64_t t = sequences()[n].begin; t < sequences()[n].end; ++t)
        for (int64_t h = 0; h < q.size(1); ++h)
          for (int64_t j = 0; j < s.size(3); ++j) {
            double read = 0;
            for (int64_t i = 0; i < q.size(3); ++i)
              read += q.at({0, h, t, i}) * s.at({static_cast<int64_t>(n), h, i, j});
            o.at({0, t, h, j}) -= std::pow(gamma.data[h], t - sequences()[n].begin + 1) * read;
          }
  }
  // The state that leaves the last sequence, begun empty.
  static Tensor lastState() {
    const Tensor &in = vector("s_in"), &out = vector("s_out"), &gamma = vector("gamma");
    int64_t last = out.size(0) - 1;
    Sequence sequence = sequences().back();
    Tensor state({1, out.size(1), out.size(2), out.size(3)});
    for (int64_t h = 0; h < out.size(1); ++h)
      for (int64_t i = 0; i < out.size(2); ++i)
        for (int64_t j = 0; j < out.size(3); ++j)
          state.at({0, h, i, j}) =
              out.at({last, h, i, j}) -
              std::pow(gamma.data[h], sequence.end - sequence.begin) * in.at({last, h, i, j});
    return state;
  }
};

TEST_P(PackedRetention, ResetPartsSequences) {
  RetentionProblem p = problem("q", "k", "v", false);
  p.reset = Tensor({1, p.time()});
  for (size_t n = 1; n < sequences().size(); ++n)
    p.reset->at({0, sequences()[n].begin}) = 1;
  const Tensor &states = vector("s_in");
  p.state = Tensor({1, states.size(1), states.size(2), states.size(3)});
  std::copy_n(states.data.begin(), p.state->data.size(), p.state->data.begin());
  Tensor expected = swapped(vector("o"));
  subtractStates(expected);
  RetentionAnswer answer = retainByDefinition(p);
  EXPECT_LE(relativeDifference(expected, answer.o), kTolerance);
  EXPECT_LE(relativeDifference(lastState(), answer.state), kTolerance);
  EXPECT_LE(relativeDifference(expected, retainInParallel(p).o), kTolerance);
  for (int64_t chunk : {1, 5, 16}) {
    EXPECT_LE(relativeDifference(expected, retainInChunks(p, chunk).o), kTolerance) << "chunk " << chunk;
    EXPECT_LE(relativeDifference(lastState(), retainInChunks(p, chunk).state), kTolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, PackedRetention, testing::Values("packed"));
INSTANTIATE_TEST_SUITE_P(Cases, RetentionVectors,
                         testing::Values("t1", "t1_state", "t17", "t17_state", "t128", "t128_state",
                                         "t40_extreme"));

} // namespace
