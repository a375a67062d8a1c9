// Copies out of a mapping that report missing pages.
#include "runtime/files/MappedFile.h"

#include "runtime/files/CheckedMath.h"

#include <algorithm>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace rondo::rt {

MappedFile::MappedFile(InputFile file) : file_(std::move(file)) {
  if (file_.size() == 0 || file_.size() > PTRDIFF_MAX)
    return;
  void *pages = ::mmap(nullptr, file_.size(), PROT_READ, MAP_PRIVATE, file_.descriptor(), 0);
  if (pages != MAP_FAILED)
    pages_ = static_cast<const uint8_t *>(pages);
}

MappedFile MappedFile::unmapped(InputFile file) {
  MappedFile result;
  result.file_ = std::move(file);
  return result;
}

MappedFile::MappedFile(MappedFile &&other) noexcept { *this = std::move(other); }

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(file_, other.file_);
  std::swap(pages_, other.pages_);
  return *this;
}

MappedFile::~MappedFile() {
  if (pages_)
    ::munmap(const_cast<uint8_t *>(pages_), file_.size());
}

// Whether all bytes have been copied, from pages that the file still has.
bool MappedFile::copy(uint64_t offset, absl::Span<uint8_t> target) const {
  for (size_t done = 0; done < target.size();) {
    iovec to{target.data() + done, target.size() - done};
    iovec from{const_cast<uint8_t *>(pages_) + offset + done, target.size() - done};
    ssize_t count = ::process_vm_readv(::getpid(), &to, 1, &from, 1, 0);
    if (count <= 0)
      return false;
    done += static_cast<size_t>(count);
  }
  // The last page of a file goes on with zeros beyond the file's end.
  return file_.currentSize() >= offset + target.size();
}

absl::Status MappedFile::readAt(uint64_t offset, absl::Span<uint8_t> target, ErrorId truncated) const {
  if (pages_ && inBounds(offset, target.size(), file_.size()) && copy(offset, target))
    return absl::OkStatus();
  return file_.readAt(offset, target, truncated);
}

} // namespace rondo::rt
