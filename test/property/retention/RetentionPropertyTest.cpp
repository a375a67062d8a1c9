// Properties of compiled retention: three schedules against float64, cuts, padding, and bits that nothing
// else decides.
#include "test/property/retention/RetentionProperties.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace rondo::test;

namespace {

bool sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

} // namespace

TEST(Retention, SchedulesAgreeWithFloat64) { checkAgainstReference(scheduleCases()); }

TEST(Retention, AdjointAgreesWithFloat64) { checkAgainstReference(adjointCases()); }

TEST(Retention, RowScalesAreTorchscales) { checkAgainstReference(rowScaleCases()); }

TEST(Retention, StatesLiveInTheirSlots) { checkStatesInSlots(); }

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
