// Writing of safetensors files, tensor after tensor, so that nothing larger than a piece need be in memory.
#pragma once

#include "runtime/files/AtomicFile.h"
#include "runtime/files/ContentHash.h"
#include "runtime/safetensors/Header.h"

#include <map>
#include <string>

namespace rondo::rt::safetensors {

// What is to be written under a name; the bytes follow in the same order.
struct TensorToWrite {
  std::string name;
  ElementType type = ElementType::F32;
  std::vector<uint64_t> shape;
};

// The file appears under its path when finish() succeeds, and not before. Its data starts at a multiple of 64
// bytes.
class Writer {
public:
  // Names must be unique UTF-8 and no tensor's size may overflow: anything else is a bug of the caller,
  // RND9001.
  static absl::StatusOr<Writer> create(const std::string &path, absl::Span<const TensorToWrite> tensors,
                                       const std::map<std::string, std::string> &metadata = {});

  // Appends bytes to the data: tensor bytes in the order given, in pieces of any size.
  absl::Status write(absl::Span<const uint8_t> bytes);

  // All bytes must have been written.
  absl::Status finish();

  // Of the file as written so far, header included.
  uint64_t fileBytes() const { return size; }
  uint64_t fileHash() const { return hash.value(); }

private:
  explicit Writer(AtomicFile file) : file(std::move(file)) {}
  absl::Status append(absl::Span<const uint8_t> bytes);

  AtomicFile file;
  ContentHash hash;
  uint64_t size = 0;
  uint64_t remaining = 0;
};

} // namespace rondo::rt::safetensors
