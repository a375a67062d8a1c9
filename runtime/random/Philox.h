// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// 2011).
//
// Every number is a pure function of (seed, stream, element): there is no state to save, and any part of a
// tensor can be made alone, in any order, on any number of threads. A stream is a 64-bit name for one use,
// such as the hash of a parameter's name.
#pragma once

#include "absl/types/span.h"

#include <array>
#include <cstdint>

namespace rondo::rt {

// One block of the generator: ten rounds on `counter` under `key`.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// Block `block` of a stream: the bits of elements 4 * block to 4 * block + 3.
std::array<uint32_t, 4> randomBits(uint64_t seed, uint64_t stream, uint64_t block);

// In [0, 1) with 24 random bits: the exact f32 multiples of 2^-24.
float uniformAt(uint64_t seed, uint64_t stream, uint64_t element);

// In [0, 1) with 53 random bits, from the first two words of a block of its own.
double uniform64At(uint64_t seed, uint64_t stream, uint64_t block);

// Mean 0, standard deviation 1, by the Box-Muller transform in f64 on pairs of elements; at most 6.8 in size.
float normalAt(uint64_t seed, uint64_t stream, uint64_t element);

// The same numbers for `target.size()` elements from `first` on, quicker.
void fillUniform(uint64_t seed, uint64_t stream, uint64_t first, absl::Span<float> target);
void fillNormal(uint64_t seed, uint64_t stream, uint64_t first, absl::Span<float> target);

} // namespace rondo::rt
