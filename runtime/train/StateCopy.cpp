// Copies of state slots.
#include "runtime/train/StateCopy.h"

#include <algorithm>

namespace rondo::rt {

void StateCopy::take(const StatePool &pool, uint64_t slots) {
  bytes_.resize(pool.infos().size());
  positions_.resize(slots);
  for (size_t state = 0; state < bytes_.size(); ++state) {
    uint64_t size = pool.infos()[state].slotBytes;
    bytes_[state].resize(slots * size);
    for (uint64_t slot = 0; slot < slots; ++slot) {
      absl::Span<const uint8_t> from = pool.bytes(state, slot);
      std::copy(from.begin(), from.end(), bytes_[state].begin() + static_cast<ptrdiff_t>(slot * size));
    }
  }
  for (uint64_t slot = 0; slot < slots; ++slot)
    positions_[slot] = pool.position(slot);
}

void StateCopy::putBack(StatePool &pool) const {
  for (size_t state = 0; state < bytes_.size(); ++state) {
    uint64_t size = pool.infos()[state].slotBytes;
    for (uint64_t slot = 0; slot < positions_.size(); ++slot)
      std::copy_n(bytes_[state].begin() + static_cast<ptrdiff_t>(slot * size), size,
                  pool.bytes(state, slot).begin());
  }
  for (uint64_t slot = 0; slot < positions_.size(); ++slot) {
    pool.setPosition(slot, positions_[slot]);
    pool.heal(slot);
  }
}

} // namespace rondo::rt
