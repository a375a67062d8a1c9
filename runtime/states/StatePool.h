// The states of running sequences, in slots: what a sequence has carried so far lies in one slot of every
// state's pool, so that sequences are batched, forked and reordered by slot number and nothing moves.
#pragma once

#include "absl/types/span.h"
#include "runtime/format/Package_generated.h"
#include "runtime/memory/Mirror.h"
#include "runtime/status/Status.h"

#include <cstdint>
#include <string>
#include <vector>

namespace rondo::rt {

// What the package says about one state, as plain data.
struct StateInfo {
  std::string name; // "state.layers.3.retention"
  format::DType dtype = format::DType::F32;
  std::vector<uint64_t> shape; // of one slot
  uint64_t slotBytes = 0;
};

// Rules over memory that someone else owns: one span per state, `slots` times its slotBytes, slot after slot.
// Movable. Used by one thread at a time. But for create(), allocates only for error messages.
class StatePool {
public:
  // `memory` must be as long as `states`, and its spans as long as said: RND9001 otherwise.
  static absl::StatusOr<StatePool> create(std::vector<StateInfo> states, uint64_t slots,
                                          std::vector<absl::Span<uint8_t>> memory);

  // Whoever keeps a copy of the memory elsewhere.
  void setMirror(Mirror *mirror) { mirror_ = mirror; }

  uint64_t slots() const { return positions_.size(); }
  absl::Span<const StateInfo> infos() const { return states_; }
  absl::Span<uint8_t> bytes(size_t state, uint64_t slot);
  absl::Span<const uint8_t> bytes(size_t state, uint64_t slot) const;

  // How many tokens the slot's sequence has had.
  int64_t position(uint64_t slot) const { return positions_[slot]; }
  void setPosition(uint64_t slot, int64_t position) { positions_[slot] = position; }

  // A call that fails half-way leaves the states it was writing undefined. Poison its slots before the call,
  // heal them after it has succeeded; checkUsable refuses poisoned slots with RND4006 and slots out of range
  // with RND3405.
  void poison(uint64_t slot) { poisoned_[slot] = true; }
  void heal(uint64_t slot) { poisoned_[slot] = false; }
  bool isPoisoned(uint64_t slot) const { return poisoned_[slot]; }
  absl::Status checkUsable(uint64_t slot) const;

  // Starts a new sequence: zeros, position 0, not poisoned. RND3405 if there is no such slot.
  absl::Status reset(uint64_t slot);

  // Makes `target` continue as `source` would: a fork. `source` must be usable.
  absl::Status copy(uint64_t source, uint64_t target);

  // Slot i continues as slot sources[i] would have, for all i at once (a beam search's step). As many sources
  // as slots, all usable. Takes memory for one state at a time.
  absl::Status gather(absl::Span<const uint64_t> sources);

private:
  absl::Status checkSlot(uint64_t slot) const;

  std::vector<StateInfo> states_;
  std::vector<absl::Span<uint8_t>> memory_;
  std::vector<int64_t> positions_;
  std::vector<uint8_t> poisoned_;
  Mirror *mirror_ = nullptr; // not owned
};

} // namespace rondo::rt
