// A file mapped into memory for reading in pieces.
#pragma once

#include "runtime/files/InputFile.h"

namespace rondo::rt {

// The file's pages as a private read-only mapping: opening costs address space and no memory, however large
// the file is; what is read stays in the system's page cache, which the system takes back when it needs
// memory.
//
// A load from a page that no longer exists, because the file has shrunk, would end the process with SIGBUS.
// No check of the size before the load can rule that out, and a library must not take over the process's
// signals. So the system copies out of the mapping (process_vm_readv on the process itself), which reports
// such a page instead. That costs about 3 microseconds a call more than a load or pread does (4.4 against 0.7
// for 1 KiB, 5.2 against 2.4 for 8 KiB, measured on Linux 6.18): nothing beside a training step. Where the
// mapping or the call is not to be had (file systems without mappings, sandboxes that forbid the call), and
// where a page is missing, InputFile::readAt reads, so that results and errors are the same in all cases.
//
// Owns the mapping and the file; movable. Const functions may be called from several threads.
class MappedFile {
public:
  MappedFile() = default;
  explicit MappedFile(InputFile file);
  // Reads by InputFile::readAt alone: for a pass over a whole file, whose pages would otherwise count as the
  // process's memory.
  static MappedFile unmapped(InputFile file);
  MappedFile(MappedFile &&other) noexcept;
  MappedFile &operator=(MappedFile &&other) noexcept;
  ~MappedFile();

  const InputFile &file() const { return file_; }
  bool isMapped() const { return pages_ != nullptr; }

  // As InputFile::readAt, errors included.
  absl::Status readAt(uint64_t offset, absl::Span<uint8_t> target, ErrorId truncated) const;

private:
  bool copy(uint64_t offset, absl::Span<uint8_t> target) const;

  InputFile file_;
  const uint8_t *pages_ = nullptr; // file_.size() bytes
};

} // namespace rondo::rt
