// Unsigned 64-bit arithmetic that reports overflow: the only arithmetic allowed on numbers that come from a
// file.
#pragma once

#include "absl/types/span.h"

#include <cstdint>
#include <optional>

namespace rondo::rt {

inline std::optional<uint64_t> checkedAdd(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::nullopt : std::optional(sum);
}

inline std::optional<uint64_t> checkedMul(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::nullopt : std::optional(product);
}

// The product of all factors; 1 for none. A zero factor gives 0 only if the others do not overflow before it.
inline std::optional<uint64_t> checkedProduct(absl::Span<const uint64_t> factors) {
  std::optional<uint64_t> product = 1;
  for (uint64_t factor : factors) {
    product = checkedMul(*product, factor);
    if (!product)
      return std::nullopt;
  }
  return product;
}

// The smallest multiple of `alignment` (not zero) that is at least `value`.
inline std::optional<uint64_t> checkedAlignUp(uint64_t value, uint64_t alignment) {
  uint64_t rest = value % alignment;
  return rest == 0 ? std::optional(value) : checkedAdd(value, alignment - rest);
}

// Whether [offset, offset + bytes) lies inside [0, limit).
inline bool inBounds(uint64_t offset, uint64_t bytes, uint64_t limit) {
  return offset <= limit && bytes <= limit - offset;
}

} // namespace rondo::rt
