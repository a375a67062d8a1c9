// Alignment, zeroing and refusal of aligned buffers.
#include "runtime/memory/AlignedBuffer.h"
#include "runtime/format/KernelAbi.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace rondo::rt {
namespace {

TEST(AlignedBuffer, alignsSmallAndHuge) {
  for (uint64_t bytes : {1u, 63u, 64u, 4097u, (2u << 20) + 5}) {
    absl::StatusOr<AlignedBuffer> buffer = AlignedBuffer::allocateZeroed(bytes);
    ASSERT_TRUE(buffer.ok());
    EXPECT_EQ(buffer->size(), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer->data()) % RONDO_BUFFER_ALIGNMENT, 0u);
    EXPECT_TRUE(
        std::all_of(buffer->bytes().begin(), buffer->bytes().end(), [](uint8_t b) { return b == 0; }));
  }
}

TEST(AlignedBuffer, emptyNeedsNoMemory) { EXPECT_EQ(AlignedBuffer::allocate(0)->data(), nullptr); }

TEST(AlignedBuffer, moves) {
  AlignedBuffer buffer = *AlignedBuffer::allocate(100);
  uint8_t *data = buffer.data();
  AlignedBuffer other = std::move(buffer);
  EXPECT_EQ(other.data(), data);
  EXPECT_EQ(other.size(), 100u);
}

TEST(AlignedBuffer, refusesWhatCannotBe) {
  for (uint64_t bytes : {UINT64_MAX, UINT64_MAX / 2, uint64_t{1} << 62})
    EXPECT_EQ(errorIdOf(AlignedBuffer::allocate(bytes).status()), ErrorId::OutOfMemory);
}

} // namespace
} // namespace rondo::rt
