// Compiled attention, its gradients and its caches against float64.
#include "test/property/attention/AttentionChecks.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

using namespace rondo::test;
using rondo::reference::NamedValue;
using rondo::reference::pick;

namespace {

// Lengths across the edges of tiles (128 rows) and of a workgroup's span (1024).
constexpr int64_t kTimes[] = {1, 127, 128, 129, 260, 7, 200, 1030};

} // namespace

AttentionCase rondo::test::attentionCase(uint64_t seed, Random &random) {
  int64_t time = kTimes[seed % std::size(kTimes)];
  AttentionCase shape = rondo::reference::randomAttention(random, time, std::max<int64_t>(time / 2, 2));
  if (time > 1000) { // the definition takes T^2
    shape.batch = std::min<int64_t>(shape.batch, 2);
    shape.heads = shape.keyHeads = std::min<int64_t>(shape.heads, 2);
  }
  return shape;
}

AttentionCase rondo::test::steppedCase(Random &random, int64_t time) {
  AttentionCase shape = rondo::reference::randomAttention(random, time, std::max<int64_t>(time / 3, 2));
  shape.bidirectional = shape.frozen = false;
  shape.documents = shape.caches = true;
  return shape;
}

std::vector<NamedValue> rondo::test::attentionArguments(const AttentionCase &shape,
                                                        const std::vector<NamedValue> &further,
                                                        bool withCaches) {
  std::vector<NamedValue> all{shape.q(), shape.k(), shape.v()};
  for (const std::vector<NamedValue> &part :
       {further, shape.documentInputs(), withCaches ? shape.cacheInputs() : std::vector<NamedValue>()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::string rondo::test::forwardEntry(const AttentionCase &shape) {
  return shape.function("forward", attentionArguments(shape), shape.documentsLine() + shape.forwardLine(),
                        {shape.o(), shape.lse()});
}

std::vector<std::vector<float>> rondo::test::runTwice(CompiledModule &module, const std::string &entry,
                                                      std::vector<Buffer> inputs) {
  std::vector<std::vector<float>> results;
  std::vector<Buffer> shared = module.run(entry, inputs, 3);
  for (Buffer &result : module.run(entry, inputs)) {
    results.push_back(result.values<float>());
    EXPECT_TRUE(sameBits(results.back(), shared[results.size() - 1].values<float>()));
  }
  return results;
}

void rondo::test::checkForward(const AttentionCase &shape, Random &random, Mutation mutate) {
  AttentionInputs inputs(shape, random);
  CompiledModule module(forwardEntry(shape), mutate);
  std::vector<std::vector<float>> found = runTwice(module, "forward", inputs.buffers());
  rondo::reference::AttentionAnswer expected = attend(inputs.problem);
  double loss = lossOf(inputs.problem, expected.lse);
  expectNear(found[0], expected.o, loss, "o");
  expectLse(found[1], expected.lse, loss);
}

void rondo::test::checkGradients(const AttentionCase &shape, Random &random, Mutation mutate) {
  AttentionInputs inputs(shape, random);
  const AttentionProblem &problem = inputs.problem;
  int64_t numbers = random() % 2 ? 1 : problem.patterns();
  NamedValue delta = shape.delta(numbers), dO = shape.o("%do");
  std::vector<NamedValue> further{shape.lse(), delta, dO},
      operands{shape.q(), shape.k(), shape.v(), shape.lse(), delta, dO};
  NamedValue dq{"%dq", shape.q().type}, dk{"%dk", shape.k().type}, dv{"%dv", shape.v().type};
  CompiledModule module(
      shape.function("queries", attentionArguments(shape, further),
                     shape.documentsLine() + shape.line("attention_grad_queries", operands, {dq}), {dq}) +
          shape.function("keys", attentionArguments(shape, further, false),
                         shape.documentsLine() + shape.line("attention_grad_keys", operands, {dk, dv}, false),
                         {dk, dv}) +
          shape.function("all", attentionArguments(shape, further),
                         shape.documentsLine() + shape.line("attention_gradients", operands, {dq, dk, dv}),
                         {dq, dk, dv}),
      mutate);
  Tensor lse = rounded(attend(problem).lse);
  Tensor deltas =
      rounded(rondo::reference::randomTensor(random, {shape.batch, shape.time, shape.heads, numbers}));
  auto expected = attentionGradient(problem, lse, deltas, inputs.dO);
  double loss = lossOf(problem, lse);
  auto queries = runTwice(module, "queries", inputs.buffers({&lse, &deltas, &inputs.dO}));
  expectNear(queries[0], expected.dq, loss, "dq");
  auto keys = runTwice(module, "keys", inputs.buffers({&lse, &deltas, &inputs.dO}, false));
  expectNear(keys[0], expected.dk, loss, "dk");
  expectNear(keys[1], expected.dv, loss, "dv");
  auto all = runTwice(module, "all", inputs.buffers({&lse, &deltas, &inputs.dO}));
  expectNear(all[0], expected.dq, loss, "dq of all");
  expectNear(all[1], expected.dk, loss, "dk of all");
  expectNear(all[2], expected.dv, loss, "dv of all");
}

namespace {

// NaN for NaN; otherwise the same number.
void expectSame(const std::vector<float> &actual, const Tensor &expected) {
  ASSERT_EQ(actual.size(), expected.data.size());
  for (size_t i = 0; i < actual.size(); ++i)
    if (!std::isnan(expected.data[i]) || !std::isnan(actual[i]))
      ASSERT_EQ(actual[i], expected.data[i]) << "at " << i;
}

} // namespace

void rondo::test::checkAppendedRows(uint64_t seed, Mutation mutate) {
  Random random(seed);
  AttentionCase shape = steppedCase(random, std::initializer_list<int64_t>{1, 5, 64, 130}.begin()[seed % 4]);
  AttentionInputs inputs(shape, random);
  int64_t pattern = pick(random, 0, inputs.problem.patterns() - 1);
  NamedValue cache{"%c", shape.cacheInputs()[2 * pattern].type}, next{"%next", cache.type};
  std::vector<NamedValue> arguments{shape.k(), cache};
  for (const NamedValue &input : shape.documentInputs())
    arguments.push_back(input);
  std::string integers = AttentionCase::tensor({shape.batch, shape.time}, "i32"),
              more = AttentionCase::tensor({shape.batch, shape.time + 1}, "i32");
  std::string line =
      "  %next = rondo.append_cache %c, %k positions(%p) documents(%index, %bounds) dilation " +
      shape.dilation() + " pattern " + std::to_string(pattern) + " heads " + std::to_string(shape.heads) +
      " : (" + cache.type + ", " + shape.k().type + ", " + arguments[2].type + ", " + integers + ", " + more +
      ") -> " + cache.type + "\n";
  SCOPED_TRACE("seed " + std::to_string(seed) + ": " + line);
  CompiledModule module(shape.function("append", arguments, shape.documentsLine() + line, {next}), mutate);
  std::vector<Buffer> buffers;
  buffers.push_back(floats(inputs.problem.k));
  buffers.push_back(floats(inputs.problem.caches[2 * pattern]));
  buffers.push_back(Buffer::of(inputs.positions));
  buffers.push_back(Buffer::of(inputs.lengths));
  expectSame(module.run("append", buffers)[0].values<float>(),
             appended(inputs.problem, pattern, inputs.problem.caches[2 * pattern]));
}
