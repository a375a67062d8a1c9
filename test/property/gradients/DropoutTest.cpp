// Compiled dropout against the runtime's generator: the same elements, alone and fused, in every shape.
#include "runtime/random/Philox.h"
#include "test/property/CaseFactor.h"
#include "test/property/gradients/GradientCase.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace rondo::test;

namespace {

constexpr double kRate = 0.3;
const char *kScalar = "tensor<i64>", *kStream = "tensor<2xi64>";

// The element numbers that dropout number `id` of a step keeps.
std::vector<bool> keptBy(int64_t seed, int64_t step, int64_t id, size_t size, double rate) {
  Floats uniform(size);
  rondo::rt::fillUniform(static_cast<uint64_t>(seed), static_cast<uint64_t>(step << 16 | id), 0,
                         absl::MakeSpan(uniform));
  std::vector<bool> kept(size);
  for (size_t e = 0; e < size; ++e)
    kept[e] = uniform[e] >= rate;
  return kept;
}

Floats dropped(Floats x, const std::vector<bool> &kept, double rate) {
  for (size_t e = 0; e < x.size(); ++e)
    x[e] = kept[e] ? x[e] * static_cast<float>(1 / (1 - rate)) : 0;
  return x;
}

std::string streams(int64_t count) {
  std::string types;
  for (int64_t i = 0; i < count; ++i)
    types += (i ? ", " : "") + std::string(kStream);
  return "  %s:" + std::to_string(count) + " = rondo.random_streams %a0, %a1 : (" + kScalar + ", " + kScalar +
         ") -> (" + types + ")\n";
}

std::string dropout(const std::string &result, const std::string &x, int64_t id, const std::string &type) {
  return "  " + result + " = rondo.dropout " + x + ", %s#" + std::to_string(id) + " rate " +
         std::to_string(kRate) + " : (" + type + ", " + kStream + ") -> " + type + "\n";
}

std::vector<Buffer> scalars(int64_t seed, int64_t step) {
  std::vector<Buffer> inputs;
  inputs.push_back(Buffer::of(std::vector<int64_t>{seed}));
  inputs.push_back(Buffer::of(std::vector<int64_t>{step}));
  return inputs;
}

// Widths that are multiples of four and not, of vectors and not, with heads and without.
TEST(Dropout, KeepsTheElementsThatTheGeneratorKeeps) {
  std::mt19937_64 random(1);
  for (unsigned i = 0; i < 12 * rondo::property::caseFactor(); ++i) {
    int64_t batch = pick(random, {1, 2, 3}), time = pick(random, {1, 7, 64, 130}),
            heads = pick(random, {0, 2, 3}), width = pick(random, {1, 4, 5, 12, 16, 36, 64});
    int64_t seed = static_cast<int64_t>(random()), step = static_cast<int64_t>(random() >> 20), id = i % 3;
    SCOPED_TRACE(testing::Message() << batch << " " << time << " " << heads << " " << width << " seed "
                                    << seed << " step " << step);
    std::vector<int64_t> shape{batch, time, width};
    if (heads)
      shape.insert(shape.begin() + 2, heads);
    std::string type = tensor(shape);
    GradientCase test{
        {kScalar, kScalar, type}, streams(3) + dropout("%r", "%a2", id, type), type, batch, time};
    Floats x = randomFloats(batch * time * std::max<int64_t>(heads, 1) * width, random);
    std::vector<Buffer> inputs = scalars(seed, step);
    inputs.push_back(Buffer::of(x));
    EXPECT_EQ(test.run(inputs), dropped(x, keptBy(seed, step, id, x.size(), kRate), kRate));
  }
}

// Behind a product, between it and a sum, in the register tiles of whole and of cut regions.
TEST(Dropout, InTheKernelOfAProduct) {
  std::mt19937_64 random(2);
  constexpr int64_t k = 8;
  for (auto [rows, n] : {std::pair<int64_t, int64_t>{130, 96}, {1, 64}, {5, 44}, {67, 33}, {33, 300}}) {
    SCOPED_TRACE(testing::Message() << rows << " x " << n);
    std::string xType = tensor({1, rows, k}), wType = tensor({n, k}, "f32", true),
                yType = tensor({1, rows, n});
    std::string product = "  %p = rondo.linear %a2, %a3 : (" + xType + ", " + wType + ") -> " + yType + "\n";
    std::string sum = "  %r = rondo.add %a4, %d : (" + yType + ", " + yType + ") -> " + yType + "\n";
    Floats x = randomFloats(rows * k, random), w = randomFloats(n * k, random),
           y = randomFloats(rows * n, random);
    std::vector<Buffer> inputs = scalars(11, 3);
    for (const Floats &values : {x, toPanels(w, n, k), y})
      inputs.push_back(Buffer::of(values));
    std::vector<std::string> arguments{kScalar, kScalar, xType, wType, yType};
    Floats expected =
        GradientCase{arguments, product + "  %r = rondo.scale %p by 1.0 : (" + yType + ") -> " + yType, yType,
                     1, rows}
            .run(inputs);
    expected = dropped(expected, keptBy(11, 3, 0, expected.size(), kRate), kRate);
    for (size_t e = 0; e < y.size(); ++e)
      expected[e] = y[e] + expected[e];
    GradientCase fused{arguments, streams(1) + product + dropout("%d", "%p", 0, yType) + sum, yType, 1, rows};
    EXPECT_EQ(fused.run(inputs), expected);
    EXPECT_EQ(CompiledModule(fused.text()).kernelCount(), 2u); // and the streams
  }
}

// Two equal layers: one kernel, and masks that agree no more often than by chance.
TEST(Dropout, EqualLayersShareAKernelAndNoMask) {
  constexpr int64_t size = 1 << 16;
  std::string type = tensor({1, 256, 256});
  GradientCase test{{kScalar, kScalar, type},
                    streams(2) + dropout("%a", "%a2", 0, type) + dropout("%b", "%a2", 1, type) +
                        "  %n = rondo.scale %b by 2.0 : (" + type + ") -> " + type +
                        "\n  %r = rondo.add %a, %n : (" + type + ", " + type + ") -> " + type,
                    type,
                    1,
                    256};
  std::vector<Buffer> inputs = scalars(5, 8);
  inputs.push_back(Buffer::of(Floats(size, static_cast<float>(1 - kRate))));
  double first = 0, second = 0, both = 0;
  for (float value : test.run(inputs)) { // 1 for the first mask, 2 for the second
    int masks = static_cast<int>(std::lround(value));
    first += masks & 1;
    second += masks >> 1;
    both += masks == 3;
  }
  // Five standard deviations.
  auto expectShare = [&](double count, double share) {
    EXPECT_NEAR(count / size, share, 5 * std::sqrt(share * (1 - share) / size));
  };
  expectShare(first, 1 - kRate);
  expectShare(second, 1 - kRate);
  expectShare(both, (1 - kRate) * (1 - kRate));
}

// NaN in what is dropped does not come through.
TEST(Dropout, SelectsAndDoesNotMultiply) {
  std::string type = tensor({1, 4, 16});
  Floats x(64, NAN);
  std::vector<Buffer> inputs = scalars(1, 1);
  inputs.push_back(Buffer::of(x));
  GradientCase test{{kScalar, kScalar, type}, streams(1) + dropout("%r", "%a2", 0, type), type, 1, 4};
  std::vector<bool> kept = keptBy(1, 1, 0, 64, kRate);
  Floats y = test.run(inputs);
  for (size_t e = 0; e < 64; ++e)
    EXPECT_EQ(std::isnan(y[e]), kept[e]);
}

} // namespace
