// Aligned memory, on huge pages when the block is large.
#include "runtime/memory/AlignedBuffer.h"

#include "absl/strings/str_cat.h"
#include "runtime/format/KernelAbi.h"

#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

namespace rondo::rt {
namespace {

// Weights and arenas of this size and more are worth a huge page: a GEMV walks them once per token, and page
// faults and TLB misses would show.
constexpr uint64_t kHugePage = uint64_t{2} << 20;

// No process has more; asking for it would stop a sanitizer instead of failing.
constexpr uint64_t kAddressSpace = uint64_t{1} << 47;

} // namespace

AlignedBuffer::~AlignedBuffer() { std::free(data_); }

absl::StatusOr<AlignedBuffer> AlignedBuffer::allocate(uint64_t bytes) {
  AlignedBuffer buffer;
  if (bytes == 0)
    return buffer;
  uint64_t alignment = bytes >= kHugePage ? kHugePage : RONDO_BUFFER_ALIGNMENT;
  if (bytes <= kAddressSpace) {
    // aligned_alloc wants a multiple of the alignment; beyond `bytes` nothing is touched.
    size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    buffer.data_ = static_cast<uint8_t *>(std::aligned_alloc(alignment, rounded));
    // A hint: failure changes nothing but speed. The tail stays on small pages, or memory would exceed the
    // plan by most of a huge page per block.
    if (buffer.data_ && alignment == kHugePage)
      madvise(buffer.data_, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
  }
  if (!buffer.data_)
    return makeError(ErrorId::OutOfMemory, absl::StrCat("expected ", bytes, " bytes of memory, found less"));
  buffer.size_ = bytes;
  return buffer;
}

absl::StatusOr<AlignedBuffer> AlignedBuffer::allocateZeroed(uint64_t bytes) {
  RONDO_ASSIGN_OR_RETURN(AlignedBuffer buffer, allocate(bytes));
  if (bytes != 0)
    std::memset(buffer.data_, 0, bytes);
  return buffer;
}

} // namespace rondo::rt
