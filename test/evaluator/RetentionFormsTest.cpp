// The three schedules' formulas are one function: on random problems of every kind they agree with the
// definition.
#include "test/evaluator/RetentionForms.h"
#include "test/evaluator/RandomGraph.h"
#include "test/property/CaseFactor.h"

#include <gtest/gtest.h>

using namespace rondo::reference;

namespace {

RetentionProblem randomProblem(Random &random) {
  int64_t batch = pick(random, 1, 2), time = pick(random, 1, 20), heads = pick(random, 1, 4);
  int64_t keyWidth = pick(random, 1, 5), valueWidth = pick(random, 1, 5);
  auto someHeads = [&] { return chance(random, 0.3) ? 1 : heads; };
  RetentionProblem p;
  p.q = randomTensor(random, {batch, time, heads, keyWidth});
  p.k = randomTensor(random, {batch, time, someHeads(), keyWidth});
  p.v = randomTensor(random, {batch, time, someHeads(), valueWidth});
  p.adjoint = chance(random, 0.5);
  p.transposed = chance(random, 0.5);
  p.decay = Tensor({batch, time, heads});
  for (double &g : p.decay.data)
    g = chance(random, 0.1)   ? 0
        : chance(random, 0.1) ? 1
                              : std::uniform_real_distribution<double>(0, 1)(random);
  if (chance(random, 0.6))
    p.state = p.transposed ? randomTensor(random, {batch, heads, valueWidth, keyWidth})
                           : randomTensor(random, {batch, heads, keyWidth, valueWidth});
  if (chance(random, 0.4)) {
    p.reset = Tensor({batch, time});
    for (double &flag : p.reset->data)
      flag = chance(random, 0.2);
  }
  if (chance(random, 0.5)) {
    p.length = Tensor({batch});
    for (double &length : p.length->data)
      length = static_cast<double>(pick(random, 0, time));
  }
  return p;
}

TEST(RetentionForms, AgreeOnRandomProblems) {
  for (unsigned seed = 1; seed <= 300 * rondo::property::caseFactor(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    RetentionProblem problem = randomProblem(random);
    RetentionAnswer expected = retainByDefinition(problem), parallel = retainInParallel(problem);
    EXPECT_LE(relativeDifference(expected.o, parallel.o), 1e-12);
    EXPECT_LE(relativeDifference(expected.state, parallel.state), 1e-12);
    for (int64_t chunk : {int64_t(1), pick(random, 2, 7), problem.time(), problem.time() + 1}) {
      RetentionAnswer chunkwise = retainInChunks(problem, chunk);
      EXPECT_LE(relativeDifference(expected.o, chunkwise.o), 1e-12) << "chunk " << chunk;
      EXPECT_LE(relativeDifference(expected.state, chunkwise.state), 1e-12) << "chunk " << chunk;
    }
  }
}

// A row of length 0 leaves its state as it was, bit for bit, in either direction.
TEST(RetentionForms, LengthZeroKeepsTheState) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    RetentionProblem problem = randomProblem(random);
    problem.length = Tensor({problem.batch()});
    problem.state = retainByDefinition(problem).state;
    for (const RetentionAnswer &answer :
         {retainByDefinition(problem), retainInParallel(problem), retainInChunks(problem, 3)})
      EXPECT_EQ(answer.state.data, problem.state->data);
  }
}

} // namespace
