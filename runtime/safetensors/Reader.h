// One safetensors file, open for reading: its checked header and its tensors, converted as they are read.
#pragma once

#include "runtime/files/InputFile.h"
#include "runtime/safetensors/Header.h"

#include <memory>

namespace rondo::rt::safetensors {

// Movable. Const functions may be called from several threads. Reading takes a bounded buffer beside the
// target, whatever the tensor's size. A file that shrinks while it is read is RND3018.
class Reader {
public:
  static absl::StatusOr<Reader> open(const std::string &path, PathTrust trust = PathTrust::User);

  const std::string &path() const { return file.path(); }
  const Header &header() const { return contents; }
  const TensorInfo *find(std::string_view name) const { return contents.find(name); }

  // Fills `target` with the elements of `tensor` from `first` on; the range must lie in the tensor.
  // As f32: `unreadable` (RND2202, RND3213, ...) unless the type is a floating-point type of 16 bits or more.
  absl::Status readF32(const TensorInfo &tensor, uint64_t first, absl::Span<float> target,
                       ErrorId unreadable) const;
  // As integers: `unreadable` unless the type is an integer type, RND3405 if a value does not fit.
  absl::Status readI32(const TensorInfo &tensor, uint64_t first, absl::Span<int32_t> target,
                       ErrorId unreadable) const;
  absl::Status readI64(const TensorInfo &tensor, uint64_t first, absl::Span<int64_t> target,
                       ErrorId unreadable) const;
  // As they are; `first` and the target's size count bytes.
  absl::Status readBytes(const TensorInfo &tensor, uint64_t first, absl::Span<uint8_t> target) const;

private:
  // Calls consume(bytes, index of first element, count) over pieces of the range.
  template <typename Consume>
  absl::Status readPieces(const TensorInfo &tensor, uint64_t first, uint64_t count, Consume consume) const;

  InputFile file;
  Header contents;
};

} // namespace rondo::rt::safetensors
