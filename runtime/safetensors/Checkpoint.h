// A set of named tensors as users keep it: one safetensors file, or a folder of shards with an index.
#pragma once

#include "runtime/safetensors/Reader.h"

#include <memory>
#include <string>
#include <vector>

namespace rondo::rt::safetensors {

// A tensor and the file it lies in; both belong to the checkpoint.
struct TensorInFile {
  const Reader *file = nullptr;
  const TensorInfo *info = nullptr;
};

// Movable; tensors keep their addresses.
class Checkpoint {
public:
  // `path` names a file, or a folder with *.index.json (model.safetensors.index.json if there are several)
  // or, without an index, with exactly one *.safetensors file.
  static absl::StatusOr<Checkpoint> open(const std::string &path);

  const std::string &path() const { return location; }
  absl::Span<const TensorInFile> tensors() const { return sorted; } // by name
  TensorInFile find(std::string_view name) const;                   // nulls if there is none

private:
  absl::Status addFile(const std::string &path, PathTrust trust);
  absl::Status addShards(const std::string &folder, const std::string &indexName);
  absl::Status sortTensors();

  std::string location;
  std::vector<std::unique_ptr<Reader>> files;
  std::vector<TensorInFile> sorted;
};

} // namespace rondo::rt::safetensors
