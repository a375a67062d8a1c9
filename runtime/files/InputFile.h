// A file open for reading at any offset. Regular files only; a file that shrinks while it is read gives an
// error (MappedFile keeps this promise for mappings).
#pragma once

#include "runtime/memory/AlignedBuffer.h"
#include "runtime/status/Status.h"

#include <cstdint>
#include <string>

namespace rondo::rt {

// Who chose the path: a person, who may name links, or a file that we do not trust.
enum class PathTrust {
  User,     // links are followed
  FromFile, // a symbolic link is RND3201, a file with a second hard link RND3202: either may lead out of the
            // folder
};

// Owns the descriptor; movable. Const functions may be called from several threads.
class InputFile {
public:
  InputFile() = default;
  InputFile(InputFile &&other) noexcept;
  InputFile &operator=(InputFile &&other) noexcept;
  ~InputFile();

  // Opens `path`: RND4003 if it cannot be opened, RND3202 if it is a folder, pipe, socket or device.
  static absl::StatusOr<InputFile> open(const std::string &path, PathTrust trust = PathTrust::User);

  const std::string &path() const { return path_; }
  uint64_t size() const { return size_; } // as fstat said when the file was opened
  uint64_t currentSize() const;           // as fstat says now; 0 if it fails
  int descriptor() const { return descriptor_; }

  // Fills `target` from `offset` on. RND4003 if the disk fails, `truncated` if the file has become shorter.
  absl::Status readAt(uint64_t offset, absl::Span<uint8_t> target, ErrorId truncated) const;

  // The whole file, `tooLarge` if it is larger than `limit` bytes.
  absl::StatusOr<AlignedBuffer> readAll(uint64_t limit, ErrorId tooLarge, ErrorId truncated) const;

private:
  int descriptor_ = -1;
  uint64_t size_ = 0;
  std::string path_;
};

// Whether `path` names a folder (links followed).
bool isFolder(const std::string &path);

} // namespace rondo::rt
