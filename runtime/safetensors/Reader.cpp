// Opening of safetensors files and conversion of their tensors, a piece at a time.
#include "runtime/safetensors/Reader.h"

#include "absl/strings/str_cat.h"
#include "runtime/files/CheckedMath.h"

#include <algorithm>
#include <limits>

namespace rondo::rt::safetensors {
namespace {

// Large enough that the system call does not show, small enough for the second-level cache.
constexpr uint64_t kPieceBytes = 256 << 10;

absl::Status wrongType(const TensorInfo &tensor, const char *expected, ErrorId id, const std::string &path) {
  return makeError(id,
                   absl::StrCat("expected ", expected, " in ", quotedName(tensor.name), ", found ",
                                std::string(nameOf(tensor.type))),
                   {path});
}

absl::Status outOfRange(const TensorInfo &tensor, const std::string &path) {
  return makeError(ErrorId::TokenRange, absl::StrCat("a value in ", quotedName(tensor.name), " is too large"),
                   {path});
}

} // namespace

absl::StatusOr<Reader> Reader::open(const std::string &path, PathTrust trust) {
  Reader reader;
  RONDO_ASSIGN_OR_RETURN(reader.file, InputFile::open(path, trust));
  Place place{path};
  uint8_t prefix[kLengthBytes] = {};
  uint64_t fileBytes = reader.file.size();
  absl::Span<uint8_t> start(prefix, std::min<uint64_t>(fileBytes, kLengthBytes));
  RONDO_RETURN_IF_ERROR(reader.file.readAt(0, start, ErrorId::HeaderTooSmall));
  RONDO_ASSIGN_OR_RETURN(uint64_t length, headerLength(start, fileBytes, place));
  RONDO_ASSIGN_OR_RETURN(AlignedBuffer json, AlignedBuffer::allocate(length));
  RONDO_RETURN_IF_ERROR(reader.file.readAt(kLengthBytes, json.bytes(), ErrorId::HeaderTruncated));
  std::string_view text(reinterpret_cast<const char *>(json.data()), json.size());
  RONDO_ASSIGN_OR_RETURN(reader.contents, parseHeader(text, fileBytes, place));
  return reader;
}

absl::Status Reader::readBytes(const TensorInfo &tensor, uint64_t first, absl::Span<uint8_t> target) const {
  if (!inBounds(first, target.size(), tensor.bytes()))
    return makeError(ErrorId::Internal, absl::StrCat("a read beyond the end of ", quotedName(tensor.name)),
                     {path()});
  return file.readAt(contents.dataOffset + tensor.begin + first, target, ErrorId::OutOfBounds);
}

template <typename Consume>
absl::Status Reader::readPieces(const TensorInfo &tensor, uint64_t first, uint64_t count,
                                Consume consume) const {
  uint64_t width = bitsOf(tensor.type) / 8;
  uint64_t pieceElements = std::min(count, kPieceBytes / width);
  RONDO_ASSIGN_OR_RETURN(AlignedBuffer piece, AlignedBuffer::allocate(pieceElements * width));
  for (uint64_t done = 0; done < count;) {
    uint64_t now = std::min(pieceElements, count - done);
    RONDO_RETURN_IF_ERROR(readBytes(tensor, (first + done) * width, piece.bytes().first(now * width)));
    RONDO_RETURN_IF_ERROR(consume(piece.data(), done, now));
    done += now;
  }
  return absl::OkStatus();
}

absl::Status Reader::readF32(const TensorInfo &tensor, uint64_t first, absl::Span<float> target,
                             ErrorId unreadable) const {
  if (!isReadableAsF32(tensor.type))
    return wrongType(tensor, "F32, F64, F16 or BF16", unreadable, path());
  if (tensor.type == ElementType::F32)
    return readBytes(tensor, first * sizeof(float),
                     {reinterpret_cast<uint8_t *>(target.data()), target.size() * sizeof(float)});
  return readPieces(tensor, first, target.size(), [&](const uint8_t *source, uint64_t at, uint64_t count) {
    convertToF32(tensor.type, source, count, target.data() + at);
    return absl::OkStatus();
  });
}

absl::Status Reader::readI64(const TensorInfo &tensor, uint64_t first, absl::Span<int64_t> target,
                             ErrorId unreadable) const {
  if (!isInteger(tensor.type))
    return wrongType(tensor, "integers", unreadable, path());
  return readPieces(tensor, first, target.size(), [&](const uint8_t *source, uint64_t at, uint64_t count) {
    return convertToI64(tensor.type, source, count, target.data() + at) ? absl::OkStatus()
                                                                        : outOfRange(tensor, path());
  });
}

absl::Status Reader::readI32(const TensorInfo &tensor, uint64_t first, absl::Span<int32_t> target,
                             ErrorId unreadable) const {
  constexpr uint64_t kAtOnce = 4096;
  int64_t wide[kAtOnce];
  for (uint64_t done = 0; done < target.size();) {
    uint64_t now = std::min<uint64_t>(kAtOnce, target.size() - done);
    RONDO_RETURN_IF_ERROR(readI64(tensor, first + done, {wide, now}, unreadable));
    for (uint64_t i = 0; i < now; ++i) {
      if (wide[i] < std::numeric_limits<int32_t>::min() || wide[i] > std::numeric_limits<int32_t>::max())
        return outOfRange(tensor, path());
      target[done + i] = static_cast<int32_t>(wide[i]);
    }
    done += now;
  }
  return isInteger(tensor.type) ? absl::OkStatus() : wrongType(tensor, "integers", unreadable, path());
}

} // namespace rondo::rt::safetensors
