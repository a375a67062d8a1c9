// A block of memory whose start is aligned as kernels require it (RONDO_BUFFER_ALIGNMENT).
#pragma once

#include "absl/types/span.h"
#include "runtime/status/Status.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace rondo::rt {

// Owns its bytes; movable, not copyable. The size is exactly what was asked for, the address never changes.
class AlignedBuffer {
public:
  AlignedBuffer() = default;
  AlignedBuffer(AlignedBuffer &&other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer &operator=(AlignedBuffer &&other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~AlignedBuffer();

  // `bytes` of uninitialised memory, or RND4002. Large blocks sit on huge pages where the system has them.
  static absl::StatusOr<AlignedBuffer> allocate(uint64_t bytes);
  static absl::StatusOr<AlignedBuffer> allocateZeroed(uint64_t bytes);

  uint8_t *data() { return data_; }
  const uint8_t *data() const { return data_; }
  size_t size() const { return size_; }
  absl::Span<uint8_t> bytes() { return {data_, size_}; }
  absl::Span<const uint8_t> bytes() const { return {data_, size_}; }

private:
  uint8_t *data_ = nullptr;
  size_t size_ = 0;
};

} // namespace rondo::rt
