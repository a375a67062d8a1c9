// Folders by system calls.
#include "runtime/files/Folder.h"

#include "absl/strings/str_cat.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace rondo::rt {
namespace {

absl::Status failure(const char *what, const std::string &path) {
  return makeError(ErrorId::WriteFailed, absl::StrCat("cannot ", what, ": ", std::strerror(errno)), {path});
}

int openFolder(const std::string &path) { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }

// Not every file system says what an entry is.
bool isRealFolder(const std::string &folder, const dirent &entry) {
  if (entry.d_type != DT_UNKNOWN)
    return entry.d_type == DT_DIR;
  struct stat info;
  return ::lstat(absl::StrCat(folder, "/", entry.d_name).c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

} // namespace

absl::StatusOr<std::vector<FolderEntry>> listFolder(const std::string &path) {
  DIR *handle = ::opendir(path.c_str());
  if (!handle)
    return makeError(ErrorId::FileMissing, absl::StrCat("cannot open the folder: ", std::strerror(errno)),
                     {path});
  std::vector<FolderEntry> entries;
  while (const dirent *entry = ::readdir(handle))
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
      entries.push_back({entry->d_name, isRealFolder(path, *entry)});
  ::closedir(handle);
  std::sort(entries.begin(), entries.end(),
            [](const FolderEntry &a, const FolderEntry &b) { return a.name < b.name; });
  return entries;
}

absl::Status makeFolder(const std::string &path) {
  return ::mkdir(path.c_str(), 0777) == 0 ? absl::OkStatus() : failure("make the folder", path);
}

absl::Status makeFolders(const std::string &path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0777) == 0) {
      size_t slash = part.rfind('/');
      RONDO_RETURN_IF_ERROR(syncFolder(slash == std::string::npos ? "."
                                       : slash == 0               ? "/"
                                                                  : part.substr(0, slash)));
    } else if (errno != EEXIST && end == std::string::npos) {
      return failure("make the folder", path); // what is wrong further up shows here, too
    }
    if (end == std::string::npos)
      return absl::OkStatus();
  }
}

absl::Status syncFolder(const std::string &path) {
  int folder = openFolder(path);
  if (folder < 0)
    return errno == EACCES ? absl::OkStatus() // writable but not readable: nothing to be done
                           : failure("open the folder", path);
  // Some file systems cannot sync a folder: EINVAL.
  bool failed = ::fsync(folder) != 0 && errno != EINVAL;
  absl::Status status = failed ? failure("write the folder", path) : absl::OkStatus();
  ::close(folder);
  return status;
}

absl::Status renamePath(const std::string &from, const std::string &to) {
  return ::rename(from.c_str(), to.c_str()) == 0 ? absl::OkStatus() : failure("rename it", from);
}

absl::Status removeFile(const std::string &path) {
  return ::unlink(path.c_str()) == 0 ? absl::OkStatus() : failure("remove it", path);
}

absl::Status removeFolder(const std::string &path) {
  struct stat info;
  if (::lstat(path.c_str(), &info) != 0 && errno == ENOENT)
    return absl::OkStatus();
  RONDO_ASSIGN_OR_RETURN(std::vector<FolderEntry> entries, listFolder(path));
  for (const FolderEntry &entry : entries)
    RONDO_RETURN_IF_ERROR(removeFile(absl::StrCat(path, "/", entry.name)));
  return ::rmdir(path.c_str()) == 0 ? absl::OkStatus() : failure("remove the folder", path);
}

LockedFolder::LockedFolder(LockedFolder &&other) noexcept { *this = std::move(other); }

LockedFolder &LockedFolder::operator=(LockedFolder &&other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

LockedFolder::~LockedFolder() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

absl::StatusOr<LockedFolder> LockedFolder::open(const std::string &path) {
  RONDO_RETURN_IF_ERROR(makeFolders(path));
  LockedFolder folder;
  folder.path_ = path;
  folder.descriptor_ = openFolder(path);
  if (folder.descriptor_ < 0)
    return failure("open the folder", path);
  if (::flock(folder.descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return makeError(ErrorId::FolderInUse, "expected a folder of its own, found one that another run holds",
                     {path});
  return folder;
}

} // namespace rondo::rt
