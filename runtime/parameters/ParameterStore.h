// The parameters of a model in memory, in the storage layout that the package's kernels read: loaded from a
// checkpoint or made from a seed, saved under their checkpoint names.
#pragma once

#include "runtime/parameters/ParameterInfo.h"
#include "runtime/parameters/StorageBlock.h"
#include "runtime/parameters/StorageLayout.h"
#include "runtime/status/Status.h"

#include <string>
#include <vector>

namespace rondo::rt {

// Owns the storage of all parameters, one block of memory; addresses never change. Movable. Used by one
// thread at a time while it is filled, by any number while it is read.
class ParameterStore {
public:
  // Storage for `parameters`: RND4002 if there is too little memory, RND3108 and RND3114 for types and sizes
  // that this store does not know.
  static absl::StatusOr<ParameterStore> create(std::vector<ParameterInfo> parameters);

  size_t size() const { return parameters_.size(); }
  const ParameterInfo &info(size_t index) const { return parameters_[index]; }
  absl::Span<const ParameterInfo> infos() const { return parameters_; }
  absl::Span<float> storage(size_t index) { return block_.storage(index); } // padding included
  absl::Span<const float> storage(size_t index) const { return block_.storage(index); }
  StorageBlock &block() { return block_; }
  uint64_t totalBytes() const { return block_.totalBytes(); } // of all parameters

  // Whether load() or initialise() has filled the store, or whoever has written all of storage() says so.
  bool isFilled() const { return filled_; }
  void setFilled() { filled_ = true; }

  // Fills the store from a safetensors file or a folder of them. Every parameter must be there under its name
  // or an alias, but for optional ones, which get their initial value; every tensor there must be a
  // parameter's or match one of the globs in `ignore`. Errors RND3001-3023 and RND3201-3214; nothing is read
  // before names, shapes and types have been checked. After an error the store is not filled.
  absl::Status load(const std::string &path, absl::Span<const std::string> ignore = {});

  // Fills the store with the initial values that the model states. A parameter's values depend on the seed,
  // its name and shape alone: neither on its layout nor on other parameters.
  void initialise(uint64_t seed);

  // Writes all parameters, row-major, under their main names to one safetensors file.
  absl::Status save(const std::string &path) const;

  // One parameter from and to row-major elements, as StorageLayout.h says.
  absl::Status fill(size_t index, const ReadElements &read);
  absl::Status visit(size_t index, const WriteElements &write) const;

private:
  void initialise(size_t index, uint64_t seed);

  std::vector<ParameterInfo> parameters_;
  StorageBlock block_;
  bool filled_ = false;
};

} // namespace rondo::rt
