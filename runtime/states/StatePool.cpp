// Reset, fork and reorder of state slots.
#include "runtime/states/StatePool.h"

#include "absl/strings/str_cat.h"
#include "runtime/files/CheckedMath.h"
#include "runtime/memory/AlignedBuffer.h"

#include <algorithm>
#include <cstring>

namespace rondo::rt {

absl::StatusOr<StatePool> StatePool::create(std::vector<StateInfo> states, uint64_t slots,
                                            std::vector<absl::Span<uint8_t>> memory) {
  bool fits = states.size() == memory.size();
  for (size_t i = 0; fits && i < states.size(); ++i)
    fits = checkedMul(states[i].slotBytes, slots) == memory[i].size();
  if (!fits)
    return makeError(ErrorId::Internal, "the memory of the states does not fit them");
  StatePool pool;
  pool.states_ = std::move(states);
  pool.memory_ = std::move(memory);
  pool.positions_.assign(slots, 0);
  pool.poisoned_.assign(slots, 0);
  return pool;
}

absl::Span<uint8_t> StatePool::bytes(size_t state, uint64_t slot) {
  if (mirror_)
    mirror_->beforeChange();
  return memory_[state].subspan(slot * states_[state].slotBytes, states_[state].slotBytes);
}

absl::Span<const uint8_t> StatePool::bytes(size_t state, uint64_t slot) const {
  if (mirror_)
    mirror_->beforeRead();
  return memory_[state].subspan(slot * states_[state].slotBytes, states_[state].slotBytes);
}

absl::Status StatePool::checkSlot(uint64_t slot) const {
  if (slot < slots())
    return absl::OkStatus();
  return makeError(ErrorId::TokenRange, absl::StrCat("expected a slot below ", slots(), ", found ", slot));
}

absl::Status StatePool::checkUsable(uint64_t slot) const {
  RONDO_RETURN_IF_ERROR(checkSlot(slot));
  if (!poisoned_[slot])
    return absl::OkStatus();
  return makeError(ErrorId::StatePoisoned,
                   absl::StrCat("slot ", slot, " was being written when a call failed"));
}

absl::Status StatePool::reset(uint64_t slot) {
  RONDO_RETURN_IF_ERROR(checkSlot(slot));
  for (size_t i = 0; i < states_.size(); ++i) {
    uint64_t slotBytes = states_[i].slotBytes;
    if (mirror_ && mirror_->clear(i, slot * slotBytes, slotBytes))
      continue;
    absl::Span<uint8_t> target = bytes(i, slot);
    std::fill(target.begin(), target.end(), 0);
  }
  positions_[slot] = 0;
  poisoned_[slot] = false;
  return absl::OkStatus();
}

absl::Status StatePool::copy(uint64_t source, uint64_t target) {
  RONDO_RETURN_IF_ERROR(checkUsable(source));
  RONDO_RETURN_IF_ERROR(checkSlot(target));
  if (source == target)
    return absl::OkStatus();
  for (size_t i = 0; i < states_.size(); ++i) {
    uint64_t slotBytes = states_[i].slotBytes;
    if (mirror_ && mirror_->copy(i, source * slotBytes, target * slotBytes, slotBytes))
      continue;
    absl::Span<uint8_t> from = bytes(i, source);
    std::copy(from.begin(), from.end(), bytes(i, target).begin());
  }
  positions_[target] = positions_[source];
  poisoned_[target] = false;
  return absl::OkStatus();
}

absl::Status StatePool::gather(absl::Span<const uint64_t> sources) {
  if (sources.size() != slots())
    return makeError(ErrorId::InputCount,
                     absl::StrCat("expected ", slots(), " source slots, found ", sources.size()));
  for (uint64_t source : sources)
    RONDO_RETURN_IF_ERROR(checkUsable(source));
  size_t largest = 0;
  for (absl::Span<uint8_t> memory : memory_)
    largest = std::max(largest, memory.size());
  // Before anything changes: after this nothing can fail.
  RONDO_ASSIGN_OR_RETURN(AlignedBuffer old, AlignedBuffer::allocate(largest));
  for (size_t i = 0; i < states_.size(); ++i) {
    uint64_t slotBytes = states_[i].slotBytes;
    if (mirror_ && mirror_->gather(i, sources))
      continue;
    if (mirror_)
      mirror_->beforeChange();
    std::copy(memory_[i].begin(), memory_[i].end(), old.data());
    for (uint64_t slot = 0; slot < slots(); ++slot)
      std::copy_n(old.data() + sources[slot] * slotBytes, slotBytes, bytes(i, slot).begin());
  }
  std::vector<int64_t> positions = positions_;
  for (uint64_t slot = 0; slot < slots(); ++slot) {
    positions_[slot] = positions[sources[slot]];
    poisoned_[slot] = false;
  }
  return absl::OkStatus();
}

} // namespace rondo::rt
