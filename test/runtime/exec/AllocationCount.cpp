// An interposer in front of glibc's allocator; under a sanitizer, which has its own, in front of that of C++.
#include "test/runtime/exec/AllocationCount.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

static std::atomic<uint64_t> count = 0;

namespace rondo::test {
uint64_t allocationCount() { return count.load(); }
} // namespace rondo::test

#if __has_feature(address_sanitizer)

void *operator new(size_t bytes) {
  ++count;
  if (void *block = std::malloc(bytes))
    return block;
  std::abort();
}
void operator delete(void *block) noexcept { std::free(block); }
void operator delete(void *block, size_t) noexcept { std::free(block); }

#else

extern "C" {
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t items, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

void *malloc(size_t bytes) {
  ++count;
  return __libc_malloc(bytes);
}
void *calloc(size_t items, size_t bytes) {
  ++count;
  return __libc_calloc(items, bytes);
}
void *realloc(void *block, size_t bytes) {
  ++count;
  return __libc_realloc(block, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes) {
  ++count;
  return __libc_memalign(alignment, bytes);
}
}

#endif
