// Which files a person means by --data and --val: files as they are named, folders with all they hold.
#pragma once

#include "absl/types/span.h"
#include "runtime/status/Status.h"

#include <cstdint>
#include <string>
#include <vector>

namespace rondo::rt {

struct DataFile {
  std::string path;
  uint64_t device = 0, inode = 0; // who it is, whatever it is called

  bool isSameFile(const DataFile &other) const { return device == other.device && inode == other.inode; }
};

// The regular files under `paths`: those of a folder, subfolders included, sorted by path byte by byte, so
// that the order does not depend on the disk. Links are followed where a person names them and skipped inside
// of folders, where they would give a text twice or lead out; so are pipes and devices. RND4003 if a path
// does not exist or a folder cannot be read, RND3202 if a path is neither file nor folder.
absl::StatusOr<std::vector<DataFile>> listDataFiles(absl::Span<const std::string> paths);

// Takes the files that are also in `other` out of `files` and returns how many those were.
size_t removeShared(std::vector<DataFile> &files, absl::Span<const DataFile> other);

} // namespace rondo::rt
