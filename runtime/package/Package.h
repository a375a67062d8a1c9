// A compiled model as the runtime sees it: a package file, read whole, checked once, never changed.
#pragma once

#include "runtime/format/Package_generated.h"
#include "runtime/memory/AlignedBuffer.h"
#include "runtime/status/Status.h"

#include <string>
#include <string_view>

namespace rondo::rt {

// Owns the bytes of the file; movable. Everything reached through root() has passed the validator: no list or
// string is null, and every number, index and size in it may be used as it stands. Const functions may be
// called from several threads.
class Package {
public:
  // Reads and checks the package at `path`. RND3101-3118 for bad content, RND4003 if it cannot be read.
  static absl::StatusOr<Package> open(const std::string &path);
  // The same for bytes in memory, which are copied; `name` stands for the path in messages.
  static absl::StatusOr<Package> fromBytes(absl::Span<const uint8_t> bytes, const std::string &name);

  const format::Package &root() const { return *root_; }
  const std::string &path() const { return path_; }
  uint32_t minorVersion() const { return minorVersion_; }

  // Null if there is no such entry point.
  const format::Entry *findEntry(std::string_view name) const;
  // The first entry point of this kind, null if there is none.
  const format::Entry *findEntry(format::EntryKind kind) const;
  // RND4005 with the names there are and the nearest one.
  absl::Status missingEntry(std::string_view name) const;
  // "layers.3, models/retnet.mlir:20:7".
  std::string locationText(uint32_t location) const;

private:
  Package() = default;
  static absl::StatusOr<Package> check(AlignedBuffer bytes, const std::string &name);

  AlignedBuffer bytes_;
  const format::Package *root_ = nullptr;
  std::string path_;
  uint32_t minorVersion_ = 0;
};

// Bytes of one element of `dtype`, and of a whole input or output.
uint64_t elementBytes(format::DType dtype);
uint64_t tensorBytes(const format::IoTensor &tensor);

} // namespace rondo::rt
