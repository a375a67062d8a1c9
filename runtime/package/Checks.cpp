// The checks that all parts of a package share.
#include "runtime/package/Checks.h"

#include <cmath>

namespace rondo::rt::package {
namespace {

// Length of the UTF-8 sequence at the start of `text`, 0 if it is not well-formed (overlong forms, surrogates
// and values above U+10FFFF included).
size_t utf8SequenceLength(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  uint8_t lead = byte(0);
  if (lead < 0x80)
    return 1;
  size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                  : lead >= 0xE0 && lead <= 0xEF ? 3
                  : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                 : 0;
  if (length == 0 || text.size() < length)
    return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80)
      return 0;
  uint8_t second = byte(1);
  bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  bool surrogate = lead == 0xED && second >= 0xA0;
  bool beyond = lead == 0xF4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

// Control characters are refused too: names end up on terminals.
bool isPlainText(std::string_view text) {
  while (!text.empty()) {
    uint8_t lead = static_cast<uint8_t>(text.front());
    size_t length = lead < 0x20 || lead == 0x7F ? 0 : utf8SequenceLength(text);
    if (length == 0)
      return false;
    text.remove_prefix(length);
  }
  return true;
}

} // namespace

absl::Status within(absl::Status status, const char *kind, std::string_view name) {
  if (status.ok())
    return status;
  return makeError(errorIdOf(status).value_or(ErrorId::Internal),
                   absl::StrCat(kind, " '", std::string(name), "': ", status.message()));
}

absl::Status within(absl::Status status, const char *kind, uint64_t index) {
  if (status.ok())
    return status;
  return makeError(errorIdOf(status).value_or(ErrorId::Internal),
                   absl::StrCat(kind, " ", index, ": ", status.message()));
}

absl::Status checkIndex(uint64_t index, uint64_t count, const char *what) {
  if (index < count)
    return absl::OkStatus();
  return fail(ErrorId::BadIndex,
              absl::StrCat("expected the index of one of ", count, " ", what, ", found ", index));
}

absl::Status checkName(const flatbuffers::String *name, const char *what, Names *names) {
  if (!name || name->size() == 0)
    return fail(ErrorId::BadName, absl::StrCat("expected a name of the ", what, ", found none"));
  if (name->size() > kMaxNameBytes)
    return fail(ErrorId::BadName, absl::StrCat("expected a ", what, " name of at most ", kMaxNameBytes,
                                               " bytes, found ", name->size()));
  if (!isPlainText(viewOf(name)))
    return fail(
        ErrorId::BadName,
        absl::StrCat("expected a ", what, " name in UTF-8 without control characters, found other bytes"));
  if (names && !names->insert(viewOf(name)).second)
    return fail(ErrorId::BadName,
                absl::StrCat("expected ", what, " names that differ, found '", name->str(), "' twice"));
  return absl::OkStatus();
}

absl::Status checkText(const flatbuffers::String *text, const char *what) {
  if (!text)
    return fail(ErrorId::VerifyFailed, absl::StrCat("expected a ", what, ", found none"));
  if (text->size() > kMaxTextBytes)
    return fail(ErrorId::TooComplex, absl::StrCat("expected a ", what, " of at most ", kMaxTextBytes,
                                                  " bytes, found ", text->size()));
  if (!isPlainText(viewOf(text)))
    return fail(ErrorId::BadName,
                absl::StrCat("expected a ", what, " in UTF-8 without control characters, found other bytes"));
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> checkShape(const flatbuffers::Vector<uint64_t> *shape, format::DType dtype) {
  RONDO_RETURN_IF_ERROR(checkEnum(dtype, format::DType::MAX, "element type"));
  RONDO_RETURN_IF_ERROR(checkList(shape, "dimensions"));
  if (shape->size() > kMaxRank)
    return fail(ErrorId::BadSize,
                absl::StrCat("expected at most ", kMaxRank, " dimensions, found ", shape->size()));
  uint64_t bytes = elementBytes(dtype);
  for (uint64_t size : *shape) {
    if (size == 0)
      return fail(ErrorId::BadSize, "expected dimensions of at least 1, found 0");
    std::optional<uint64_t> product = checkedMul(bytes, size);
    if (!product || *product > kMaxTensorBytes)
      return fail(ErrorId::BadSize,
                  absl::StrCat("expected a tensor of at most ", kMaxTensorBytes, " bytes, found more"));
    bytes = *product;
  }
  return bytes;
}

uint64_t elementBytes(format::DType dtype) {
  switch (dtype) {
  case format::DType::F64:
  case format::DType::I64:
    return 8;
  case format::DType::F32:
  case format::DType::I32:
    return 4;
  case format::DType::F16:
  case format::DType::BF16:
  case format::DType::I16:
    return 2;
  case format::DType::I8:
  case format::DType::U8:
  case format::DType::Bool:
    return 1;
  }
  return 0;
}

uint64_t tensorBytes(const format::IoTensor &tensor) {
  uint64_t bytes = elementBytes(tensor.dtype());
  for (uint64_t size : *tensor.shape())
    bytes *= size;
  return bytes;
}

} // namespace rondo::rt::package
