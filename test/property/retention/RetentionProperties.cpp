// What compiled retention promises, as checks that also run on kernels with planted faults.
#include "test/property/retention/RetentionProperties.h"

#include "test/property/CaseFactor.h"

#include <cmath>
#include <gtest/gtest.h>

namespace rondo::test {

// ---- problems
// ------------------------------------------------------------------------------------------------

static std::vector<RetentionCase> randomCases(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<RetentionCase> cases;
  for (size_t i = 0; i < count; ++i) {
    cases.push_back({randomShape(random), seed + i * 100});
    cases.back().shape.wantsState = random() % 4 != 0;
  }
  return cases;
}

std::vector<RetentionCase> scheduleCases() {
  return randomCases(static_cast<size_t>(16 * property::caseFactor()), firstSeed);
}

// Every combination of the state's layout, the decay's form and documents; half of them with lengths. The
// parallel schedule's blocks are 64 rows: one, two with a rest, three.
std::vector<RetentionCase> adjointCases() {
  std::vector<RetentionCase> cases =
      randomCases(static_cast<size_t>(8 * property::caseFactor()), firstSeed + 1);
  const int64_t times[] = {70, 129, 150, 24};
  for (size_t i = 0; i < cases.size(); ++i) {
    RetentionShape &shape = cases[i].shape;
    bool transposed = i & 1, gated = i & 2, reset = i & 4;
    shape.adjoint = true;
    shape.transposed = transposed;
    shape.reset = reset;
    shape.length = transposed ^ gated ^ reset;
    shape.init = i % 8 != 3;
    shape.time = times[i / 2 % 4];
    shape.decay.clear();
    for (int64_t h = 0; h < shape.heads() && !gated; ++h)
      shape.decay.push_back(h % 2 ? 0.5 : 0.998);
  }
  return cases;
}

std::vector<RetentionCase> rowScaleCases() {
  RetentionShape shape{.batch = 2,
                       .time = 70,
                       .queryHeads = 2,
                       .keyHeads = 2,
                       .valueHeads = 2,
                       .keyWidth = 8,
                       .valueWidth = 16,
                       .decay = {0.96875, 1.0},
                       .rowScale = "torchscale_recurrent"};
  RetentionShape carried = shape;
  carried.init = carried.length = true;
  return {{shape, firstSeed + 2}, {carried, firstSeed + 102}};
}

std::vector<std::string> schedulesOf(const RetentionShape &shape) {
  if (shape.rowScale == "torchscale_parallel")
    return {"parallel"};
  return {"recurrent", "chunkwise, 8", "chunkwise, 64", "parallel"};
}

std::string entryName(size_t problem, size_t schedule) {
  return "problem" + std::to_string(problem) + "_" + std::to_string(schedule);
}

std::string moduleOf(const std::vector<RetentionShape> &shapes) {
  std::string text;
  for (size_t i = 0; i < shapes.size(); ++i) {
    std::vector<std::string> schedules = schedulesOf(shapes[i]);
    for (size_t s = 0; s < schedules.size(); ++s)
      text += shapes[i].entry(entryName(i, s), schedules[s]);
  }
  return text;
}

void expectClose(const std::vector<float> &actual, const Expected &expected, const RetentionShape &shape,
                 int64_t runOfHead, const char *what) {
  ASSERT_EQ(actual.size(), expected.value.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_TRUE(std::isfinite(actual[i])) << what << "[" << i << "] is not finite";
    if (std::isnan(expected.value[i]))
      continue;
    int64_t head = static_cast<int64_t>(i) / runOfHead % shape.heads();
    double bound = errorFactor(shape, head) * expected.magnitude[i] + 1e-37;
    ASSERT_NEAR(actual[i], expected.value[i], bound)
        << what << "[" << i << "] of magnitude " << expected.magnitude[i];
  }
}

// ---- checks
// --------------------------------------------------------------------------------------------------

static void expectAsReference(std::vector<Buffer> &results, const RetentionShape &shape,
                              const RetentionInputs &inputs) {
  RetentionReference expected = reference(shape, inputs);
  expectClose(results[0].values<float>(), expected.o, shape, shape.valueWidth, "o");
  if (results.size() > 1)
    expectClose(results[1].values<float>(), expected.state, shape, shape.keyWidth * shape.valueWidth,
                "state");
  if (results.size() > 2) {
    std::vector<float> scale = results[2].values<float>();
    for (size_t i = 0; i < scale.size(); ++i)
      ASSERT_NEAR(scale[i], expected.scale[i], 8e-7 * expected.scale[i]) << "scale";
  }
}

static void checkFill(CompiledModule &module, const RetentionCase &one, size_t number, Fill fill) {
  const RetentionShape &shape = one.shape;
  std::mt19937_64 random(one.seed + static_cast<uint64_t>(fill));
  RetentionInputs inputs = randomInputs(shape, fill, 8, random);
  std::vector<std::string> schedules = schedulesOf(shape);
  for (size_t s = 0; s < schedules.size(); ++s) {
    SCOPED_TRACE(shape.describe() + " schedule " + schedules[s] + " fill " +
                 std::to_string(static_cast<int>(fill)) + " seed " + std::to_string(one.seed));
    std::vector<Buffer> buffers = inputs.buffers(shape);
    std::vector<Buffer> results = module.run(entryName(number, s), buffers);
    expectAsReference(results, shape, inputs);
    if (testing::Test::HasFatalFailure())
      return;
  }
}

void checkAgainstReference(const std::vector<RetentionCase> &cases, Mutation mutate) {
  std::vector<RetentionShape> shapes;
  for (const RetentionCase &one : cases)
    shapes.push_back(one.shape);
  CompiledModule module(moduleOf(shapes), mutate);
  for (size_t i = 0; i < cases.size(); ++i)
    for (Fill fill : {Fill::ZeroMean, Fill::Positive, Fill::Small, Fill::Large, Fill::ZeroRows}) {
      checkFill(module, cases[i], i, fill);
      if (testing::Test::HasFatalFailure())
        return;
    }
}

void checkStatesInSlots(Mutation mutate) {
  RetentionShape shape{
      .batch = 2, .time = 70, .keyWidth = 8, .valueWidth = 20, .decay = {0.97}, .init = true};
  const std::vector<std::string> schedules{"recurrent", "chunkwise, 8", "parallel"};
  std::string text = "rondo.state @state.retention carried : tensor<1x8x20xf32>\n";
  for (size_t s = 0; s < schedules.size(); ++s)
    text += "func.func @pooled" + std::to_string(s) + R"((%q: tensor<2x70x1x8xf32>, %k: tensor<2x70x1x8xf32>,
    %v: tensor<2x70x1x20xf32>, %slot: tensor<2xi32>) -> tensor<2x70x1x20xf32>
    attributes {rondo.entry = #rondo.entry<prefill, B = 2, T = 70, slots = 3>} {
  %s = rondo.read_state @state.retention[%slot] : (tensor<2xi32>) -> tensor<2x1x8x20xf32>
  %o, %last = rondo.retention %q, %k, %v decay [0.97] init(%s) schedule <)" +
            schedules[s] +
            R"(> : (tensor<2x70x1x8xf32>, tensor<2x70x1x8xf32>, tensor<2x70x1x20xf32>, tensor<2x1x8x20xf32>)
    -> (tensor<2x70x1x20xf32>, tensor<2x1x8x20xf32>)
  rondo.write_state %last, @state.retention[%slot] : tensor<2x1x8x20xf32>, tensor<2xi32>
  return %o : tensor<2x70x1x20xf32>
}
)";
  CompiledModule module(text, mutate);
  std::mt19937_64 random(firstSeed + 20);
  RetentionInputs inputs = randomInputs(shape, Fill::ZeroMean, 8, random);
  RetentionReference expected = reference(shape, inputs);
  for (size_t s = 0; s < schedules.size(); ++s) {
    SCOPED_TRACE(schedules[s]);
    constexpr int64_t slot = 8 * 20;
    float *pool = module.state("state.retention").as<float>();
    std::copy_n(inputs.init.begin(), slot, pool + 2 * slot);
    std::copy_n(inputs.init.begin() + slot, slot, pool);
    std::fill_n(pool + slot, slot, 7.0f);
    std::vector<Buffer> buffers;
    for (const std::vector<float> &values : {inputs.q, inputs.k, inputs.v})
      buffers.push_back(Buffer::of(values));
    buffers.push_back(Buffer::of(std::vector<int32_t>{2, 0}));
    expectClose(module.run("pooled" + std::to_string(s), buffers)[0].values<float>(), expected.o, shape, 20,
                "o");
    std::vector<float> last(pool + 2 * slot, pool + 3 * slot);
    last.insert(last.end(), pool, pool + slot);
    expectClose(last, expected.state, shape, slot, "state");
    EXPECT_EQ(std::vector<float>(pool + slot, pool + 2 * slot), std::vector<float>(slot, 7.0f));
  }
}

} // namespace rondo::test
