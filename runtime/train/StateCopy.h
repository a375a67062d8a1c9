// The states of a session's first slots, set aside while something else uses them.
#pragma once

#include "runtime/states/StatePool.h"

#include <cstdint>
#include <vector>

namespace rondo::rt {

// Movable; takes as much memory as the slots.
class StateCopy {
public:
  // Slots 0 to `slots` - 1 are taken; none may be poisoned.
  void take(const StatePool &pool, uint64_t slots);
  // Puts them back as they were, poisoned or not.
  void putBack(StatePool &pool) const;

private:
  std::vector<std::vector<uint8_t>> bytes_; // per state: slot after slot
  std::vector<int64_t> positions_;
};

} // namespace rondo::rt
