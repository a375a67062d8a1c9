// Maps a package's flat image: the loader of Rondo's machine code, in place of the system's.
#pragma once

#include "runtime/format/KernelAbi.h"
#include "runtime/format/Package_generated.h"
#include "runtime/status/Status.h"

namespace rondo::rt {

// Machine code in memory. No page of it is ever writable and executable at once, and none stays writable.
// Unmapped when the object goes away.
class LoadedImage {
public:
  LoadedImage() = default;
  LoadedImage(LoadedImage &&other) noexcept;
  LoadedImage &operator=(LoadedImage &&other) noexcept;
  ~LoadedImage();

  // Maps a validated image. RND4002 if the system gives no memory, RND4001 if it forbids executable memory.
  static absl::StatusOr<LoadedImage> load(const format::Image &image);

  // The kernel at a validated address.
  rondo_kernel_fn kernel(uint64_t address) const;

private:
  uint8_t *base_ = nullptr;
  uint64_t bytes_ = 0;
};

} // namespace rondo::rt
