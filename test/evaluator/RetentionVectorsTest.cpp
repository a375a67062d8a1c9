// The definition against the conformance vectors of the bare operator: outputs, states, and gradients as
// retention itself.
#include "test/evaluator/RandomGraph.h"
#include "test/evaluator/RetentionForms.h"
#include "test/evaluator/VectorFile.h"

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

INSTANTIATE_TEST_SUITE_P(Cases, RetentionVectors,
                         testing::Values("t1", "t1_state", "t17", "t17_state", "t128", "t128_state",
                                         "t40_extreme"));

} // namespace
