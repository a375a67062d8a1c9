// A file that appears whole or not at all: written beside its target, made durable, then renamed over it.
#pragma once

#include "absl/types/span.h"
#include "runtime/status/Status.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace rondo::rt {

// Until commit() the target keeps its old content; an AtomicFile that goes away uncommitted leaves nothing
// behind. A target that is a symbolic link is replaced where it leads to. All failures are RND4004.
class AtomicFile {
public:
  AtomicFile(AtomicFile &&other) noexcept;
  AtomicFile &operator=(AtomicFile &&other) noexcept;
  ~AtomicFile();

  static absl::StatusOr<AtomicFile> create(const std::string &path);

  // Whether a file is called as those that a killed program leaves behind.
  static bool isTemporaryName(std::string_view name);

  absl::Status write(absl::Span<const uint8_t> bytes);

  // Puts the file in place and makes it survive a power failure. Nothing may be written afterwards.
  absl::Status commit();

private:
  AtomicFile() = default;
  absl::Status failure(const char *what) const;

  int descriptor_ = -1;
  std::string target_;
  std::string temporary_;
};

} // namespace rondo::rt
