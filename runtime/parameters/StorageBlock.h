// Memory of several tensors in the storage layouts that kernels read: one block, each tensor aligned.
#pragma once

#include "runtime/memory/AlignedBuffer.h"
#include "runtime/memory/Mirror.h"
#include "runtime/parameters/ParameterInfo.h"
#include "runtime/status/Status.h"

#include <vector>

namespace rondo::rt {

// Owns the storage of `infos`; addresses never change, not even when the block is moved.
class StorageBlock {
public:
  // Zeroed storage. RND4002 if there is too little memory, RND3108 and RND3114 for types and sizes that no
  // kernel knows.
  static absl::StatusOr<StorageBlock> create(absl::Span<const ParameterInfo> infos);

  size_t size() const { return storage_.size(); }
  absl::Span<float> storage(size_t index) { // padding included
    if (mirror_)
      mirror_->beforeChange();
    return storage_[index];
  }
  absl::Span<const float> storage(size_t index) const {
    if (mirror_)
      mirror_->beforeRead();
    return storage_[index];
  }
  // The block as a whole; tensors begin where storage() says. Whoever keeps a copy of it sets itself as
  // mirror.
  absl::Span<uint8_t> bytes() { return {memory_.data(), memory_.size()}; }
  void setMirror(Mirror *mirror) { mirror_ = mirror; }
  uint64_t totalBytes() const { return memory_.size(); }

private:
  std::vector<absl::Span<float>> storage_;
  AlignedBuffer memory_;
  Mirror *mirror_ = nullptr; // not owned
};

} // namespace rondo::rt
