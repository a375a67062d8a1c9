// Reading of regular files by descriptor.
#include "runtime/files/InputFile.h"

#include "absl/strings/str_cat.h"
#include "runtime/files/CheckedMath.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace rondo::rt {

InputFile::InputFile(InputFile &&other) noexcept { *this = std::move(other); }

InputFile &InputFile::operator=(InputFile &&other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  std::swap(path_, other.path_);
  return *this;
}

InputFile::~InputFile() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

absl::StatusOr<InputFile> InputFile::open(const std::string &path, PathTrust trust) {
  bool fromFile = trust == PathTrust::FromFile;
  InputFile file;
  file.path_ = path;
  // O_NONBLOCK: opening a pipe nobody writes to must not hang; it has no effect on regular files.
  int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (fromFile ? O_NOFOLLOW : 0);
  do
    file.descriptor_ = ::open(path.c_str(), flags);
  while (file.descriptor_ < 0 && errno == EINTR);
  if (file.descriptor_ < 0 && errno == ELOOP && fromFile)
    return makeError(ErrorId::PathEscape, "expected a file beside the index, found a symbolic link", {path});
  if (file.descriptor_ < 0 && errno == ENXIO) // a socket, or a device without a driver
    return makeError(ErrorId::NotRegularFile, "expected a regular file, found a socket or device", {path});
  if (file.descriptor_ < 0)
    return makeError(ErrorId::FileMissing, absl::StrCat("cannot open the file: ", std::strerror(errno)),
                     {path});

  struct stat info;
  if (::fstat(file.descriptor_, &info) != 0)
    return makeError(ErrorId::FileMissing, absl::StrCat("cannot read the file: ", std::strerror(errno)),
                     {path});
  if (!S_ISREG(info.st_mode))
    return makeError(ErrorId::NotRegularFile,
                     S_ISDIR(info.st_mode) ? "expected a regular file, found a folder"
                                           : "expected a regular file, found a pipe, socket or device",
                     {path});
  if (fromFile && info.st_nlink > 1)
    return makeError(ErrorId::NotRegularFile, "expected a file of its own, found a hard link", {path});
  file.size_ = static_cast<uint64_t>(info.st_size);
  return file;
}

absl::Status InputFile::readAt(uint64_t offset, absl::Span<uint8_t> target, ErrorId truncated) const {
  if (!inBounds(offset, target.size(), size_))
    return makeError(
        truncated,
        absl::StrCat("expected ", target.size(), " bytes at ", offset, ", found a file of ", size_), {path_});
  while (!target.empty()) {
    ssize_t count = ::pread(descriptor_, target.data(), target.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return makeError(ErrorId::FileMissing, absl::StrCat("cannot read the file: ", std::strerror(errno)),
                       {path_});
    if (count == 0)
      return makeError(truncated,
                       absl::StrCat("the file became shorter than ", size_, " bytes while it was read"),
                       {path_});
    offset += static_cast<uint64_t>(count);
    target.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

uint64_t InputFile::currentSize() const {
  struct stat info;
  return ::fstat(descriptor_, &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

absl::StatusOr<AlignedBuffer> InputFile::readAll(uint64_t limit, ErrorId tooLarge, ErrorId truncated) const {
  if (size_ > limit)
    return makeError(tooLarge, absl::StrCat("expected at most ", limit, " bytes, found ", size_), {path_});
  RONDO_ASSIGN_OR_RETURN(AlignedBuffer buffer, AlignedBuffer::allocate(size_));
  RONDO_RETURN_IF_ERROR(readAt(0, buffer.bytes(), truncated));
  return buffer;
}

bool isFolder(const std::string &path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

} // namespace rondo::rt
