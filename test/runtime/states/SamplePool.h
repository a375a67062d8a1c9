// A small pool with memory of its own: one f32 state of shape [2] and one i64 counter per slot.
#pragma once

#include "runtime/states/StatePool.h"

#include <vector>

namespace rondo::rt {

struct SamplePool {
  explicit SamplePool(uint64_t slots)
      : floats(slots * 2), counts(slots),
        pool(*StatePool::create(
            {{"state.r", format::DType::F32, {2}, 8}, {"state.n", format::DType::I64, {}, 8}}, slots,
            {{reinterpret_cast<uint8_t *>(floats.data()), slots * 8},
             {reinterpret_cast<uint8_t *>(counts.data()), slots * 8}})) {
    for (uint64_t slot = 0; slot < slots; ++slot) {
      floats[2 * slot] = static_cast<float>(slot) + 1;
      counts[slot] = static_cast<int64_t>(10 * slot);
      pool.setPosition(slot, static_cast<int64_t>(slot));
    }
  }

  std::vector<float> floats;
  std::vector<int64_t> counts;
  StatePool pool;
};

} // namespace rondo::rt
