// Finding the files of a checkpoint and putting their tensors into one table.
#include "runtime/safetensors/Checkpoint.h"

#include "absl/strings/str_cat.h"
#include "runtime/safetensors/ShardIndex.h"
#include "runtime/safetensors/ShardPath.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <set>

namespace rondo::rt::safetensors {
namespace {

constexpr std::string_view kUsualIndex = "model.safetensors.index.json";

bool endsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

absl::StatusOr<std::vector<std::string>> namesIn(const std::string &folder) {
  DIR *handle = ::opendir(folder.c_str());
  if (!handle)
    return makeError(ErrorId::FileMissing, absl::StrCat("cannot open the folder: ", std::strerror(errno)),
                     {folder});
  std::vector<std::string> names;
  while (const dirent *entry = ::readdir(handle))
    names.push_back(entry->d_name);
  ::closedir(handle);
  std::sort(names.begin(), names.end());
  return names;
}

// The only name with the suffix, or `preferred` among several; empty if there is no such choice.
std::string choose(const std::vector<std::string> &names, std::string_view suffix,
                   std::string_view preferred) {
  std::string found;
  for (const std::string &name : names) {
    if (name == preferred)
      return name;
    if (endsWith(name, suffix))
      found = found.empty() ? name : "/"; // no file is called "/": several
  }
  return found == "/" ? "" : found;
}

} // namespace

absl::StatusOr<Checkpoint> Checkpoint::open(const std::string &path) {
  Checkpoint checkpoint;
  checkpoint.location = path;
  if (!isFolder(path)) {
    RONDO_RETURN_IF_ERROR(checkpoint.addFile(path, PathTrust::User));
    RONDO_RETURN_IF_ERROR(checkpoint.sortTensors());
    return checkpoint;
  }
  RONDO_ASSIGN_OR_RETURN(std::vector<std::string> names, namesIn(path));
  if (std::string index = choose(names, ".index.json", kUsualIndex); !index.empty())
    RONDO_RETURN_IF_ERROR(checkpoint.addShards(path, index));
  else if (std::string single = choose(names, ".safetensors", "model.safetensors"); !single.empty())
    RONDO_RETURN_IF_ERROR(checkpoint.addFile(path + "/" + single, PathTrust::User));
  else
    return withHelp(
        makeError(ErrorId::FileMissing, "expected an index or one safetensors file in the folder", {path}),
        "Give the path of a file, or of a folder that holds model.safetensors.index.json.");
  RONDO_RETURN_IF_ERROR(checkpoint.sortTensors());
  return checkpoint;
}

absl::Status Checkpoint::addFile(const std::string &path, PathTrust trust) {
  RONDO_ASSIGN_OR_RETURN(Reader reader, Reader::open(path, trust));
  files.push_back(std::make_unique<Reader>(std::move(reader)));
  for (const TensorInfo &tensor : files.back()->header().tensors)
    sorted.push_back({files.back().get(), &tensor});
  return absl::OkStatus();
}

absl::Status Checkpoint::addShards(const std::string &folder, const std::string &indexName) {
  std::string indexPath = folder + "/" + indexName;
  RONDO_ASSIGN_OR_RETURN(InputFile file, InputFile::open(indexPath));
  RONDO_ASSIGN_OR_RETURN(AlignedBuffer text,
                         file.readAll(kMaxIndexBytes, ErrorId::BadIndexFile, ErrorId::BadIndexFile));
  std::string_view json(reinterpret_cast<const char *>(text.data()), text.size());
  RONDO_ASSIGN_OR_RETURN(auto map, parseShardIndex(json, {indexPath}));

  std::map<std::string, const Reader *> shards;
  for (const auto &[tensor, shard] : map)
    shards.emplace(shard, nullptr);
  for (auto &[shard, reader] : shards) {
    RONDO_RETURN_IF_ERROR(addFile(shardPath(folder, shard), PathTrust::FromFile));
    reader = files.back().get();
  }
  for (const auto &[tensor, shard] : map)
    if (!shards[shard]->find(tensor))
      return makeError(
          ErrorId::BadIndexFile,
          absl::StrCat("expected tensor ", quotedName(tensor), " in ", quotedName(shard), ", found none"),
          {indexPath});
  return absl::OkStatus();
}

absl::Status Checkpoint::sortTensors() {
  std::sort(sorted.begin(), sorted.end(),
            [](const TensorInFile &a, const TensorInFile &b) { return a.info->name < b.info->name; });
  auto twin =
      std::adjacent_find(sorted.begin(), sorted.end(), [](const TensorInFile &a, const TensorInFile &b) {
        return a.info->name == b.info->name;
      });
  if (twin != sorted.end())
    return makeError(ErrorId::DuplicateKey,
                     absl::StrCat("tensor ", quotedName(twin->info->name), " is in two shards"), {location});
  return absl::OkStatus();
}

TensorInFile Checkpoint::find(std::string_view name) const {
  auto found = std::lower_bound(
      sorted.begin(), sorted.end(), name,
      [](const TensorInFile &tensor, std::string_view key) { return tensor.info->name < key; });
  return found != sorted.end() && found->info->name == name ? *found : TensorInFile{};
}

} // namespace rondo::rt::safetensors
