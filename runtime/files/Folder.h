// Folders that hold what a program keeps: made, listed, made durable, locked and removed. All failures are
// RND4004 unless said otherwise.
#pragma once

#include "runtime/status/Status.h"

#include <string>
#include <vector>

namespace rondo::rt {

struct FolderEntry {
  std::string name;
  bool isFolder = false; // a real one: a symbolic link to a folder is not
};

// What lies in a folder, sorted by name, without "." and "..". RND4003 if it cannot be read.
absl::StatusOr<std::vector<FolderEntry>> listFolder(const std::string &path);

// Makes the folder and those above it, as far as they are missing, durably.
absl::Status makeFolders(const std::string &path);

// Makes one folder, not durably; an existing one is an error.
absl::Status makeFolder(const std::string &path);

// Makes the names in a folder survive a power failure.
absl::Status syncFolder(const std::string &path);

// Gives a file or folder another name in the same file system, not durably. A file in the way is replaced, a
// folder only if it is empty.
absl::Status renamePath(const std::string &from, const std::string &to);

// Removes a file, or a symbolic link.
absl::Status removeFile(const std::string &path);

// Removes a folder and the files in it. Folders in it are not entered: with one, this is an error. Symbolic
// links are removed, not followed. No error if there is no such folder.
absl::Status removeFolder(const std::string &path);

// A folder that at most one LockedFolder, in whatever process, holds at a time; the system lets go of it when
// the process ends, however it ends. Movable.
class LockedFolder {
public:
  LockedFolder(LockedFolder &&other) noexcept;
  LockedFolder &operator=(LockedFolder &&other) noexcept;
  ~LockedFolder();

  // Makes missing folders. RND4008 if somebody holds it. File systems that know no locks grant them to all.
  static absl::StatusOr<LockedFolder> open(const std::string &path);

  const std::string &path() const { return path_; }

private:
  LockedFolder() = default;

  int descriptor_ = -1;
  std::string path_;
};

} // namespace rondo::rt
