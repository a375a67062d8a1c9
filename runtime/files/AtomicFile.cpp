// Atomic replacement of files: temporary file, fsync, rename, fsync of the folder.
#include "runtime/files/AtomicFile.h"

#include "absl/strings/str_cat.h"
#include "runtime/files/Folder.h"

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace rondo::rt {
namespace {

std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

} // namespace

AtomicFile::AtomicFile(AtomicFile &&other) noexcept { *this = std::move(other); }

AtomicFile &AtomicFile::operator=(AtomicFile &&other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(target_, other.target_);
  std::swap(temporary_, other.temporary_);
  return *this;
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0)
    return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

absl::Status AtomicFile::failure(const char *what) const {
  return makeError(ErrorId::WriteFailed, absl::StrCat("cannot ", what, ": ", std::strerror(errno)),
                   {target_});
}

absl::StatusOr<AtomicFile> AtomicFile::create(const std::string &path) {
  AtomicFile file;
  file.target_ = path;
  mode_t mode = 0666;
  struct stat info;
  if (::stat(path.c_str(), &info) == 0) {
    // Renaming over a device or pipe would destroy it.
    if (!S_ISREG(info.st_mode))
      return makeError(ErrorId::WriteFailed,
                       "expected a regular file to replace, found a folder, pipe or device", {path});
    mode = info.st_mode & 0777;
    char resolved[PATH_MAX];
    if (::realpath(path.c_str(), resolved))
      file.target_ = resolved;
  }
  static std::atomic<unsigned> counter{0};
  do {
    file.temporary_ = absl::StrCat(file.target_, ".tmp-", ::getpid(), "-", counter.fetch_add(1));
    file.descriptor_ =
        ::open(file.temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  } while (file.descriptor_ < 0 && (errno == EEXIST || errno == EINTR));
  if (file.descriptor_ < 0)
    return file.failure("create the file");
  return file;
}

// "NAME.tmp-PID-COUNTER"
bool AtomicFile::isTemporaryName(std::string_view name) {
  auto dropNumber = [&] {
    size_t digits = name.size() - (name.find_last_not_of("0123456789") + 1);
    name.remove_suffix(digits);
    return digits > 0;
  };
  auto dropSuffix = [&](std::string_view suffix) {
    if (name.size() < suffix.size() || name.substr(name.size() - suffix.size()) != suffix)
      return false;
    name.remove_suffix(suffix.size());
    return true;
  };
  return dropNumber() && dropSuffix("-") && dropNumber() && dropSuffix(".tmp-") && !name.empty();
}

absl::Status AtomicFile::write(absl::Span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return failure("write the file");
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

absl::Status AtomicFile::commit() {
  if (::fsync(descriptor_) != 0)
    return failure("write the file");
  if (::rename(temporary_.c_str(), target_.c_str()) != 0)
    return failure("replace the file");
  ::close(std::exchange(descriptor_, -1));
  return syncFolder(folderOf(target_)); // the rename is on disk only when the folder is
}

} // namespace rondo::rt
