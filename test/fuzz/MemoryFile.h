// Bytes as a file that has a path but no place on disk, so that fuzz targets go the way of real files.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace rondo::rt {

// One file, its content replaced by each call.
inline std::string memoryFile(const uint8_t *data, size_t size) {
  static const int descriptor = memfd_create("fuzz", MFD_CLOEXEC);
  if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, data, size, 0) != static_cast<ssize_t>(size))
    std::abort();
  return "/proc/self/fd/" + std::to_string(descriptor);
}

} // namespace rondo::rt
