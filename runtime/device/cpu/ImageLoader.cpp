// Copies segments into anonymous memory, applies relocations, then sets each segment's protection.
#include "runtime/device/cpu/ImageLoader.h"

#include "absl/strings/str_cat.h"
#include "runtime/format/ImageRules.h"

#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <utility>

namespace rondo::rt {
namespace {

uint64_t roundToPage(uint64_t bytes) {
  return (bytes + format::kImagePage - 1) / format::kImagePage * format::kImagePage;
}

absl::Status systemError(ErrorId id, const char *what) {
  return makeError(id, absl::StrCat("expected ", what, " for the package's code, found: ", strerror(errno)));
}

} // namespace

LoadedImage::LoadedImage(LoadedImage &&other) noexcept
    : base_(std::exchange(other.base_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

LoadedImage &LoadedImage::operator=(LoadedImage &&other) noexcept {
  std::swap(base_, other.base_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

LoadedImage::~LoadedImage() {
  if (base_)
    munmap(base_, bytes_);
}

absl::StatusOr<LoadedImage> LoadedImage::load(const format::Image &source) {
  LoadedImage image;
  image.bytes_ = roundToPage(source.memory_bytes());
  if (image.bytes_ == 0)
    return image;
  // Gaps between segments stay without access.
  void *base = mmap(nullptr, image.bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED)
    return systemError(ErrorId::OutOfMemory, "memory");
  image.base_ = static_cast<uint8_t *>(base);
  for (const format::Segment *segment : *source.segments()) {
    uint8_t *target = image.base_ + segment->address();
    if (mprotect(target, roundToPage(segment->memory_bytes()), PROT_READ | PROT_WRITE) != 0)
      return systemError(ErrorId::OutOfMemory, "memory");
    if (segment->data_bytes() != 0)
      std::memcpy(target, source.data()->data() + segment->data_offset(), segment->data_bytes());
  }
  for (const format::Relocation *relocation : *source.relocations()) {
    uint64_t value = reinterpret_cast<uintptr_t>(image.base_) + relocation->addend();
    std::memcpy(image.base_ + relocation->address(), &value, sizeof(value));
  }
  for (const format::Segment *segment : *source.segments()) {
    bool code = segment->access() == format::SegmentAccess::ReadExecute;
    int protection = code ? PROT_READ | PROT_EXEC : PROT_READ;
    if (mprotect(image.base_ + segment->address(), roundToPage(segment->memory_bytes()), protection) != 0)
      return systemError(ErrorId::TargetMismatch, "executable memory");
  }
  return image;
}

rondo_kernel_fn LoadedImage::kernel(uint64_t address) const {
  return reinterpret_cast<rondo_kernel_fn>(base_ + address);
}

} // namespace rondo::rt
