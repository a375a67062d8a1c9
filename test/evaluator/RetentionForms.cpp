// Retention by definition, and by the formulas of its three schedules, in float64.
#include "test/evaluator/RetentionForms.h"

#include <algorithm>
#include <cmath>

using namespace rondo::reference;

namespace {

using Matrix = std::vector<std::vector<double>>; // Dk x Dv

// One batch row and head of a problem, padding cut off.
class Sequence {
public:
  Sequence(const RetentionProblem &p, int64_t b, int64_t h) : p(p), b(b), h(h) {}

  int64_t length() const { return p.length ? static_cast<int64_t>(p.length->data[b]) : p.time(); }
  int64_t keyWidth() const { return p.q.size(3); }
  int64_t valueWidth() const { return p.v.size(3); }
  double q(int64_t t, int64_t i) const { return read(p.q, t, i); }
  double k(int64_t t, int64_t i) const { return read(p.k, t, i); }
  double v(int64_t t, int64_t j) const { return read(p.v, t, j); }
  double decay(int64_t t) const { return p.reset && p.reset->at({b, t}) != 0 ? 0 : p.decay.at({b, t, h}); }
  // g_from ... g_to, 1 if empty.
  double decays(int64_t from, int64_t to) const {
    double product = 1;
    for (int64_t t = from; t <= to; ++t)
      product *= decay(t);
    return product;
  }
  double dot(int64_t t, int64_t m) const {
    double sum = 0;
    for (int64_t i = 0; i < keyWidth(); ++i)
      sum += q(t, i) * k(m, i);
    return sum;
  }

  Matrix stateIn() const {
    Matrix s(keyWidth(), std::vector<double>(valueWidth(), 0));
    for (int64_t i = 0; p.state && i < keyWidth(); ++i)
      for (int64_t j = 0; j < valueWidth(); ++j)
        s[i][j] = p.transposed ? p.state->at({b, h, j, i}) : p.state->at({b, h, i, j});
    return s;
  }
  void putState(const Matrix &s, RetentionAnswer &answer) const {
    for (int64_t i = 0; i < keyWidth(); ++i)
      for (int64_t j = 0; j < valueWidth(); ++j)
        (p.transposed ? answer.state.at({b, h, j, i}) : answer.state.at({b, h, i, j})) = s[i][j];
  }
  double &o(RetentionAnswer &answer, int64_t t, int64_t j) const { return answer.o.at({b, t, h, j}); }

private:
  // Head h of H reads head h / (H / heads) of a tensor with fewer heads.
  double read(const Tensor &x, int64_t t, int64_t i) const {
    return x.at({b, t, h / (p.heads() / x.size(2)), i});
  }
  const RetentionProblem &p;
  int64_t b, h;
};

template <typename Walk> RetentionAnswer forEachSequence(const RetentionProblem &p, Walk walk) {
  RetentionAnswer answer{Tensor({p.batch(), p.time(), p.heads(), p.v.size(3)}), {}};
  answer.state = p.transposed ? Tensor({p.batch(), p.heads(), p.v.size(3), p.q.size(3)})
                              : Tensor({p.batch(), p.heads(), p.q.size(3), p.v.size(3)});
  for (int64_t b = 0; b < p.batch(); ++b)
    for (int64_t h = 0; h < p.heads(); ++h) {
      Sequence sequence(p, b, h);
      Matrix state = sequence.stateIn();
      walk(sequence, state, answer);
      sequence.putState(state, answer);
    }
  return answer;
}

// One step of the recurrence: state = decay * state + k_t v_t^T, o_t = state^T q_t.
void step(const Sequence &s, Matrix &state, double decay, int64_t t, RetentionAnswer &answer) {
  for (int64_t j = 0; j < s.valueWidth(); ++j) {
    double sum = 0;
    for (int64_t i = 0; i < s.keyWidth(); ++i) {
      state[i][j] = (decay == 0 ? 0 : decay * state[i][j]) + s.k(t, i) * s.v(t, j);
      sum += state[i][j] * s.q(t, i);
    }
    s.o(answer, t, j) = sum;
  }
}

// The parallel form on positions [begin, end); `state` comes in and leaves.
void stretch(const Sequence &s, Matrix &state, bool adjoint, int64_t begin, int64_t end,
             RetentionAnswer &answer) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t j = 0; j < s.valueWidth(); ++j) {
      double carried = adjoint ? s.decays(t + 1, end - 1) : s.decays(begin, t), sum = 0;
      for (int64_t i = 0; i < s.keyWidth(); ++i)
        sum += carried == 0 ? 0 : carried * state[i][j] * s.q(t, i);
      for (int64_t m = adjoint ? t : begin; m < (adjoint ? end : t + 1); ++m)
        sum += (adjoint ? s.decays(t + 1, m) : s.decays(m + 1, t)) * s.dot(t, m) * s.v(m, j);
      s.o(answer, t, j) = sum;
    }
  double kept = s.decays(begin, end - 1);
  for (int64_t i = 0; i < s.keyWidth(); ++i)
    for (int64_t j = 0; j < s.valueWidth(); ++j) {
      double sum = kept == 0 ? 0 : kept * state[i][j];
      for (int64_t m = begin; m < end; ++m)
        sum += (adjoint ? s.decays(begin, m) : s.decays(m + 1, end - 1)) * s.k(m, i) * s.v(m, j);
      state[i][j] = sum;
    }
}

} // namespace

RetentionAnswer rondo::reference::retainByDefinition(const RetentionProblem &problem) {
  return forEachSequence(problem, [&](const Sequence &s, Matrix &state, RetentionAnswer &answer) {
    if (!problem.adjoint) {
      for (int64_t t = 0; t < s.length(); ++t)
        step(s, state, s.decay(t), t, answer);
      return;
    }
    for (int64_t t = s.length() - 1; t >= 0; --t)
      step(s, state, t + 1 == s.length() ? 1 : s.decay(t + 1), t, answer);
    double first = s.length() > 0 ? s.decay(0) : 1;
    for (std::vector<double> &row : state)
      for (double &element : row)
        element = first == 0 ? 0 : first * element;
  });
}

RetentionAnswer rondo::reference::retainInParallel(const RetentionProblem &problem) {
  return forEachSequence(problem, [&](const Sequence &s, Matrix &state, RetentionAnswer &answer) {
    stretch(s, state, problem.adjoint, 0, s.length(), answer);
  });
}

RetentionAnswer rondo::reference::retainInChunks(const RetentionProblem &problem, int64_t chunk) {
  return forEachSequence(problem, [&](const Sequence &s, Matrix &state, RetentionAnswer &answer) {
    int64_t chunks = (s.length() + chunk - 1) / chunk;
    for (int64_t i = 0; i < chunks; ++i) {
      int64_t begin = (problem.adjoint ? chunks - 1 - i : i) * chunk;
      stretch(s, state, problem.adjoint, begin, std::min(begin + chunk, s.length()), answer);
    }
  });
}

double rondo::reference::retentionScore(const RetentionProblem &problem, int64_t b, int64_t h, int64_t t,
                                        int64_t m) {
  Sequence s(problem, b, h);
  return s.decays(m + 1, t) * s.dot(t, m);
}

RowScales rondo::reference::rowScales(const RetentionProblem &problem, const Tensor *initial, bool byScores) {
  RowScales scales{Tensor({problem.batch(), problem.time(), problem.heads()}),
                   Tensor({problem.batch(), problem.heads()})};
  for (int64_t b = 0; b < problem.batch(); ++b)
    for (int64_t h = 0; h < problem.heads(); ++h) {
      double a = initial ? initial->at({b, h}) : 0;
      int64_t length = problem.length ? static_cast<int64_t>(problem.length->data[b]) : problem.time();
      for (int64_t t = 0; t < length; ++t) {
        a = problem.decay.at({b, t, h}) * a + 1;
        double sum = 0;
        for (int64_t m = 0; byScores && m <= t; ++m)
          sum += std::abs(retentionScore(problem, b, h, t, m)) / std::sqrt(a);
        scales.factors.at({b, t, h}) = 1 / (std::sqrt(a) * std::clamp(sum, 1.0, 5e4));
      }
      scales.last.at({b, h}) = a;
    }
  return scales;
}
