// Walks folders without following links.
#include "runtime/train/DataFiles.h"

#include "absl/strings/str_cat.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>

namespace rondo::rt {
namespace {

absl::Status unreadable(const std::string &path, const std::string &why) {
  return makeError(ErrorId::FileMissing, absl::StrCat("cannot read the data: ", why), {path});
}

DataFile fileOf(std::string path, const struct stat &info) {
  return {std::move(path), static_cast<uint64_t>(info.st_dev), static_cast<uint64_t>(info.st_ino)};
}

absl::Status listFolder(const std::string &folder, std::vector<DataFile> &files) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<DataFile> found;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    struct stat info;
    if (::lstat(it->path().c_str(), &info) == 0 && S_ISREG(info.st_mode))
      found.push_back(fileOf(it->path().string(), info));
  }
  if (error)
    return unreadable(folder, error.message());
  std::sort(found.begin(), found.end(), [](const DataFile &a, const DataFile &b) { return a.path < b.path; });
  files.insert(files.end(), found.begin(), found.end());
  return absl::OkStatus();
}

} // namespace

absl::StatusOr<std::vector<DataFile>> listDataFiles(absl::Span<const std::string> paths) {
  std::vector<DataFile> files;
  for (const std::string &path : paths) {
    struct stat info;
    if (::stat(path.c_str(), &info) != 0)
      return unreadable(path, std::strerror(errno));
    if (S_ISDIR(info.st_mode))
      RONDO_RETURN_IF_ERROR(listFolder(path, files));
    else if (S_ISREG(info.st_mode))
      files.push_back(fileOf(path, info));
    else
      return makeError(ErrorId::NotRegularFile, "expected a file or folder, found a pipe, socket or device",
                       {path});
  }
  return files;
}

size_t removeShared(std::vector<DataFile> &files, absl::Span<const DataFile> other) {
  return std::erase_if(files, [&](const DataFile &file) {
    return std::any_of(other.begin(), other.end(),
                       [&](const DataFile &candidate) { return file.isSameFile(candidate); });
  });
}

} // namespace rondo::rt
