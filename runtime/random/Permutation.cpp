// Format-preserving shuffle on top of Philox.
#include "runtime/random/Permutation.h"

#include "runtime/random/Philox.h"

#include <bit>

namespace rondo::rt {
namespace {

// Four rounds of a random function make a random permutation to any observer that cannot query it adaptively
// (Luby and Rackoff, 1988); small domains need more.
constexpr uint64_t kRounds = 8;

} // namespace

uint64_t permutedIndex(uint64_t seed, uint64_t stream, uint64_t size, uint64_t index) {
  if (size <= 1)
    return 0;
  const int half = (std::bit_width(size - 1) + 1) / 2; // bits of each side
  const uint64_t mask = (uint64_t{1} << half) - 1;
  do { // at most four values of the network per value of the range, so that the walk is short
    uint64_t left = index >> half, right = index & mask;
    for (uint64_t round = 0; round < kRounds; ++round) {
      uint64_t mixed = left ^ (randomBits(seed, stream, round << 32 | right)[0] & mask);
      left = right;
      right = mixed;
    }
    index = left << half | right;
  } while (index >= size);
  return index;
}

} // namespace rondo::rt
