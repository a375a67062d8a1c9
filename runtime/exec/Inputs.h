// The inputs of one entry point: what the caller gave, what the runtime supplies, and the checks that kernels
// rely on.
#pragma once

#include "runtime/exec/IoBuffer.h"

#include <string_view>
#include <vector>

namespace rondo::rt {

class Inputs {
public:
  static absl::StatusOr<Inputs> create(Device &device, const format::Entry &entry);

  // Copies `value` in. For i8, i32 and i64 any of i8, u8, bool, i32 and i64 is taken. It stays until it is
  // set again or cleared. Unknown names are RND2203, other shapes RND2201, other types RND2202, integers that
  // do not fit RND3405. Allocates nothing when all is well.
  absl::Status set(std::string_view name, const TensorView &value);
  // All inputs become absent.
  void clear();
  bool isSet(size_t index) const { return sources_[index] == Source::Caller; }

  // Supplies absent inputs and checks all: required ones are there (RND2201), integers are in their ranges,
  // lengths in [0, T], slots below the entry's and distinct (RND3405). Allocates nothing when all is well.
  absl::Status prepare();
  // Copies all to a device with memory of its own; a whole run does that by itself.
  absl::Status send();

  // The pool slots of the rows of this call; empty without a slot input. Valid after prepare().
  absl::Span<const int32_t> slots() const;

  std::vector<IoBuffer> &buffers() { return buffers_; }

private:
  // Who wrote what the buffer holds.
  enum class Source : uint8_t { Nobody, Caller, Default };
  absl::Status supply(size_t index);
  absl::Status check(const IoBuffer &buffer);
  absl::Status checkSlots(const IoBuffer &buffer);
  const IoBuffer *find(std::string_view name) const;

  const format::Entry *entry_ = nullptr;
  std::vector<IoBuffer> buffers_;
  std::vector<Source> sources_;
  std::vector<bool> slotSeen_;
};

} // namespace rondo::rt
