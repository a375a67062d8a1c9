// Properties of compiled retention: three schedules against float64, cuts, padding, and bits that nothing
// else decides.
#include "test/property/CaseFactor.h"
#include "test/property/retention/RetentionCase.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace rondo::test;

namespace {

constexpr uint64_t firstSeed = 20260;

std::vector<std::string> schedulesOf(const RetentionShape &shape) {
  if (shape.rowScale == "torchscale_parallel")
    return {"parallel"};
  std::vector<std::string> schedules{"recurrent", "chunkwise, 8", "chunkwise, 64"};
  if (!shape.adjoint)
    schedules.push_back("parallel");
  return schedules;
}

std::string entryName(size_t problem, size_t schedule) {
  return "problem" + std::to_string(problem) + "_" + std::to_string(schedule);
}

// All shapes under all their schedules, in one module.
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

void expectAsReference(std::vector<Buffer> &results, const RetentionShape &shape,
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

bool sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

constexpr Fill fills[] = {Fill::ZeroMean, Fill::Positive, Fill::Small, Fill::Large, Fill::ZeroRows};

void checkAgainstReference(const std::vector<RetentionShape> &shapes, uint64_t seed) {
  CompiledModule module(moduleOf(shapes));
  for (size_t i = 0; i < shapes.size(); ++i) {
    for (Fill fill : fills) {
      std::mt19937_64 random(seed + i * 100 + static_cast<uint64_t>(fill));
      RetentionInputs inputs = randomInputs(shapes[i], fill, 8, random);
      std::vector<std::string> schedules = schedulesOf(shapes[i]);
      for (size_t s = 0; s < schedules.size(); ++s) {
        SCOPED_TRACE(shapes[i].describe() + " schedule " + schedules[s] + " fill " +
                     std::to_string(static_cast<int>(fill)) + " seed " + std::to_string(seed) + " problem " +
                     std::to_string(i));
        std::vector<Buffer> buffers = inputs.buffers(shapes[i]);
        std::vector<Buffer> results = module.run(entryName(i, s), buffers);
        expectAsReference(results, shapes[i], inputs);
        if (testing::Test::HasFatalFailure())
          return;
      }
    }
  }
}

std::vector<RetentionShape> randomShapes(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<RetentionShape> shapes;
  for (size_t i = 0; i < count; ++i) {
    shapes.push_back(randomShape(random));
    shapes.back().wantsState = random() % 4 != 0;
  }
  return shapes;
}

} // namespace

TEST(Retention, SchedulesAgreeWithFloat64) {
  checkAgainstReference(randomShapes(16 * rondo::property::caseFactor(), firstSeed), firstSeed);
}

TEST(Retention, AdjointAgreesWithFloat64) {
  std::vector<RetentionShape> shapes = randomShapes(6, firstSeed + 1);
  for (RetentionShape &shape : shapes)
    shape.adjoint = true;
  checkAgainstReference(shapes, firstSeed + 1);
}

TEST(Retention, RowScalesAreTorchscales) {
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
  checkAgainstReference({shape, carried}, firstSeed + 2);
}

// torchscale's parallel form divides by the clamped sum of absolute scaled scores as well.
TEST(Retention, ParallelRowScaleClampsScoreSums) {
  RetentionShape shape{.time = 70, .keyWidth = 4, .valueWidth = 4, .decay = {0.96875}, .wantsState = false};
  RetentionShape scaled = shape;
  scaled.rowScale = "torchscale_parallel";
  CompiledModule module(scaled.entry("scaled", "parallel"));
  std::mt19937_64 random(firstSeed + 3);
  RetentionInputs inputs = randomInputs(shape, Fill::ZeroMean, 8, random);
  std::vector<Buffer> buffers = inputs.buffers(shape);
  std::vector<float> actual = module.run("scaled", buffers)[0].values<float>();
  RetentionReference plain = reference(shape, inputs);
  for (int64_t n = 0; n < shape.time; ++n) {
    double a = 0, sum = 0;
    for (int64_t m = 0; m <= n; ++m) {
      double score = 0, weight = std::pow(shape.decay[0], n - m);
      for (int64_t i = 0; i < 4; ++i)
        score += double(inputs.q[n * 4 + i]) * inputs.k[m * 4 + i];
      a += weight;
      sum += std::fabs(score * weight);
    }
    double divisor = std::sqrt(a) * std::min(std::max(sum / std::sqrt(a), 1.0), 5e4);
    for (int64_t j = 0; j < 4; ++j)
      ASSERT_NEAR(actual[n * 4 + j], plain.o.value[n * 4 + j] / divisor,
                  2e-6 * plain.o.magnitude[n * 4 + j] / divisor);
  }
}

namespace {

RetentionShape cutShape() {
  return {.time = 21,
          .queryHeads = 2,
          .keyHeads = 1,
          .valueHeads = 2,
          .keyWidth = 5,
          .valueWidth = 18,
          .decay = {0.9, 0.999},
          .init = true,
          .length = true};
}

// The rows from `first` on, moved to the front.
template <typename T> std::vector<T> shifted(std::vector<T> all, int64_t first, int64_t width) {
  std::rotate(all.begin(), all.begin() + first * width, all.end());
  return all;
}

} // namespace

// A stretch cut in two at any point, the state carried over: to rounding, and to the bit where nothing is cut
// apart.
TEST(Retention, CutsAtEveryPoint) {
  RetentionShape constant = cutShape(), gated = cutShape();
  gated.decay.clear();
  std::vector<RetentionShape> shapes{constant, gated};
  CompiledModule module(moduleOf(shapes));
  for (size_t i = 0; i < shapes.size(); ++i) {
    const RetentionShape &shape = shapes[i];
    std::mt19937_64 random(firstSeed + 4 + i);
    RetentionShape whole = shape;
    whole.length = false;
    RetentionInputs inputs = randomInputs(whole, Fill::ZeroMean, 8, random);
    inputs.length = {static_cast<int32_t>(shape.time)};
    for (size_t s = 0; s < schedulesOf(shape).size(); ++s) {
      auto run = [&](const RetentionInputs &part) {
        std::vector<Buffer> buffers = part.buffers(shape);
        return module.run(entryName(i, s), buffers);
      };
      std::vector<Buffer> uncut = run(inputs);
      for (int64_t cut = 0; cut <= shape.time; ++cut) {
        SCOPED_TRACE(shape.describe() + " schedule " + schedulesOf(shape)[s] + " cut " + std::to_string(cut));
        RetentionInputs head = inputs, tail = inputs;
        head.length = {static_cast<int32_t>(cut)};
        std::vector<Buffer> first = run(head);
        tail.length = {static_cast<int32_t>(shape.time - cut)};
        tail.init = first[1].values<float>();
        tail.q = shifted(inputs.q, cut, shape.queryHeads * shape.keyWidth);
        tail.k = shifted(inputs.k, cut, shape.keyHeads * shape.keyWidth);
        tail.v = shifted(inputs.v, cut, shape.valueHeads * shape.valueWidth);
        tail.logDecay = shifted(inputs.logDecay, cut, inputs.logDecay.empty() ? 0 : shape.heads());
        std::vector<Buffer> second = run(tail);
        std::vector<float> o = first[0].values<float>(), rest = second[0].values<float>();
        int64_t width = shape.heads() * shape.valueWidth;
        std::copy(rest.begin(), rest.begin() + (shape.time - cut) * width, o.begin() + cut * width);
        expectClose(o, reference(shape, inputs).o, shape, shape.valueWidth, "o");
        bool atBoundary = s == 0 || (s == 1 && cut % 8 == 0);
        if (atBoundary) {
          EXPECT_TRUE(sameBits(o, uncut[0].values<float>()));
          EXPECT_TRUE(sameBits(second[1].values<float>(), uncut[1].values<float>()));
        }
        if (testing::Test::HasFailure())
          return;
      }
    }
  }
}

TEST(Retention, LengthZeroKeepsTheStatesBits) {
  RetentionShape constant = cutShape(), reset = cutShape(), gated = cutShape();
  reset.reset = true;
  gated.decay.clear();
  std::vector<RetentionShape> shapes{constant, reset, gated};
  CompiledModule module(moduleOf(shapes));
  for (size_t i = 0; i < shapes.size(); ++i) {
    std::mt19937_64 random(firstSeed + 6 + i);
    RetentionInputs inputs = randomInputs(shapes[i], Fill::ZeroMean, 8, random);
    inputs.length = {0};
    for (size_t s = 0; s < schedulesOf(shapes[i]).size(); ++s) {
      std::vector<Buffer> buffers = inputs.buffers(shapes[i]);
      EXPECT_TRUE(sameBits(module.run(entryName(i, s), buffers)[1].values<float>(), inputs.init))
          << shapes[i].describe() << " schedule " << schedulesOf(shapes[i])[s];
    }
  }
}

// A row gets the same bits alone and in company, whatever the others hold and however threads share the work.
TEST(Retention, RowsDoNotDependOnTheBatch) {
  RetentionShape company{.batch = 3,
                         .time = 70,
                         .queryHeads = 2,
                         .keyHeads = 2,
                         .valueHeads = 2,
                         .keyWidth = 16,
                         .valueWidth = 20,
                         .decay = {0.9, 0.999},
                         .init = true,
                         .length = true};
  RetentionShape alone = company;
  alone.batch = 1;
  CompiledModule module(moduleOf({company, alone}));
  std::mt19937_64 random(firstSeed + 9);
  RetentionInputs inputs = randomInputs(company, Fill::ZeroMean, 8, random);
  for (size_t s = 0; s < schedulesOf(company).size(); ++s) {
    std::vector<Buffer> buffers = inputs.buffers(company);
    std::vector<Buffer> together = module.run(entryName(0, s), buffers);
    for (int64_t shares : {2, 3, 5}) {
      std::vector<Buffer> split = module.run(entryName(0, s), buffers, shares);
      for (size_t r = 0; r < split.size(); ++r)
        EXPECT_TRUE(sameBits(split[r].values<float>(), together[r].values<float>())) << shares << " threads";
    }
    for (int64_t row = 0; row < company.batch; ++row) {
      std::vector<Buffer> ownBuffers = inputs.row(alone, row).buffers(alone);
      std::vector<Buffer> own = module.run(entryName(1, s), ownBuffers);
      for (size_t r = 0; r < own.size(); ++r) {
        std::vector<float> all = together[r].values<float>(), mine = own[r].values<float>();
        auto first = all.begin() + row * static_cast<int64_t>(mine.size());
        EXPECT_TRUE(sameBits({first, first + static_cast<int64_t>(mine.size())}, mine))
            << "schedule " << schedulesOf(company)[s] << " row " << row << " result " << r;
      }
    }
  }
}

// A state in a pool is read and written in place; the slots of others stay as they are.
TEST(Retention, StatesLiveInTheirSlots) {
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
  CompiledModule module(text);
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

// 32 rows of long sequences, for the heads of RetNet that forget fast, slowly and hardly at all.
TEST(Retention, LongSequences) {
  for (int64_t time : {int64_t(1) << 16, int64_t(1) << 20}) {
    for (int head : {0, 7, 15}) {
      RetentionShape shape{
          .time = time, .keyWidth = 8, .valueWidth = 8, .decay = {1 - std::ldexp(1.0, -5 - head)}};
      std::string text = shape.entry("problem0_0", "recurrent") + shape.entry("problem0_1", "chunkwise, 64");
      CompiledModule module(text);
      std::mt19937_64 random(firstSeed + 10 + head);
      RetentionInputs inputs = randomInputs(shape, head == 15 ? Fill::Positive : Fill::ZeroMean, 64, random);
      RetentionReference expected = reference(shape, inputs);
      for (size_t s : {0, 1}) {
        std::vector<Buffer> buffers = inputs.buffers(shape);
        std::vector<float> o = module.run(entryName(0, s), buffers)[0].values<float>();
        for (int sample = 0; sample < 32; ++sample) {
          int64_t row = static_cast<int64_t>(random() % time);
          for (int64_t j = row * 8; j < row * 8 + 8; ++j)
            ASSERT_NEAR(o[j], expected.o.value[j], errorFactor(shape, 0) * expected.o.magnitude[j])
                << "T " << time << " head " << head << " row " << row << " schedule " << s;
        }
      }
    }
  }
}
