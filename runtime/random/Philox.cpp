// Philox4x32-10 and the distributions on top of it.
#include "runtime/random/Philox.h"

#include <cmath>
#include <numbers>

namespace rondo::rt {
namespace {

constexpr int kRounds = 10;
constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85; // golden ratio, sqrt(3) - 1

using Four = std::array<float, 4>;

uint32_t low(uint64_t word) { return static_cast<uint32_t>(word); }
uint32_t high(uint64_t word) { return static_cast<uint32_t>(word >> 32); }

float toUniform(uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }

Four uniformBlock(const std::array<uint32_t, 4> &bits) {
  return {toUniform(bits[0]), toUniform(bits[1]), toUniform(bits[2]), toUniform(bits[3])};
}

// Two words to two normals. The half keeps the logarithm away from zero.
void boxMuller(uint32_t a, uint32_t b, float *target) {
  double radius = std::sqrt(-2.0 * std::log((a + 0.5) * 0x1p-32));
  double angle = 2.0 * std::numbers::pi * (b * 0x1p-32);
  target[0] = static_cast<float>(radius * std::cos(angle));
  target[1] = static_cast<float>(radius * std::sin(angle));
}

Four normalBlock(const std::array<uint32_t, 4> &bits) {
  Four result;
  boxMuller(bits[0], bits[1], result.data());
  boxMuller(bits[2], bits[3], result.data() + 2);
  return result;
}

template <typename Distribution>
void fill(uint64_t seed, uint64_t stream, uint64_t first, absl::Span<float> target,
          Distribution distribution) {
  for (size_t done = 0; done < target.size();) {
    uint64_t element = first + done;
    Four block = distribution(randomBits(seed, stream, element / 4));
    for (size_t lane = element % 4; lane < 4 && done < target.size(); ++lane)
      target[done++] = block[lane];
  }
}

} // namespace

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    uint64_t product0 = kMultiplier0 * counter[0], product1 = kMultiplier1 * counter[2];
    counter = {high(product1) ^ counter[1] ^ key[0], low(product1), high(product0) ^ counter[3] ^ key[1],
               low(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

std::array<uint32_t, 4> randomBits(uint64_t seed, uint64_t stream, uint64_t block) {
  return philox4x32({low(block), high(block), low(stream), high(stream)}, {low(seed), high(seed)});
}

float uniformAt(uint64_t seed, uint64_t stream, uint64_t element) {
  return toUniform(randomBits(seed, stream, element / 4)[element % 4]);
}

double uniform64At(uint64_t seed, uint64_t stream, uint64_t block) {
  std::array<uint32_t, 4> bits = randomBits(seed, stream, block);
  uint64_t word = uint64_t{bits[0]} << 32 | bits[1];
  return static_cast<double>(word >> 11) * 0x1p-53;
}

float normalAt(uint64_t seed, uint64_t stream, uint64_t element) {
  return normalBlock(randomBits(seed, stream, element / 4))[element % 4];
}

void fillUniform(uint64_t seed, uint64_t stream, uint64_t first, absl::Span<float> target) {
  fill(seed, stream, first, target, uniformBlock);
}

void fillNormal(uint64_t seed, uint64_t stream, uint64_t first, absl::Span<float> target) {
  fill(seed, stream, first, target, normalBlock);
}

} // namespace rondo::rt
