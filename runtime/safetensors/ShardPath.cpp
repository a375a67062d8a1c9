// Where a shard that an index names lies.
#include "runtime/safetensors/ShardPath.h"

#include "runtime/safetensors/ShardIndex.h"

#include <climits>
#include <cstdlib>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace rondo::rt::safetensors {
namespace {

constexpr std::string_view kToBlobs = "../../blobs/";

// Drops and returns the last component of an absolute path.
std::string_view takeLast(std::string_view &path) {
  size_t slash = path.rfind('/');
  std::string_view last = path.substr(slash + 1);
  path = path.substr(0, slash);
  return last;
}

// What the link at `path` reads; empty if there is no link, or a longer one than a blob's.
std::string linkText(const std::string &path) {
  char text[PATH_MAX];
  ssize_t size = ::readlink(path.c_str(), text, sizeof text);
  return size <= 0 || size == sizeof text ? "" : std::string(text, static_cast<size_t>(size));
}

bool isFolderAndNoLink(const std::string &path) {
  struct stat info;
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

} // namespace

std::string shardPath(const std::string &folder, const std::string &shard) {
  std::string plain = folder + "/" + shard, link = linkText(plain);
  std::string_view blob = link;
  char real[PATH_MAX];
  if (blob.substr(0, kToBlobs.size()) != kToBlobs || !::realpath(folder.c_str(), real))
    return plain;
  blob.remove_prefix(kToBlobs.size());
  std::string_view repository = real;
  takeLast(repository); // the revision
  if (!isPlainName(blob) || takeLast(repository) != "snapshots")
    return plain;
  std::string blobs = std::string(repository) + "/blobs";
  return isFolderAndNoLink(blobs) ? blobs + "/" + std::string(blob) : plain;
}

} // namespace rondo::rt::safetensors
