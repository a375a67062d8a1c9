// Safetensors headers as text, and the bytes behind them.
#include "runtime/safetensors/Writer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/files/CheckedMath.h"
#include "runtime/files/Utf8.h"
#include "runtime/format/KernelAbi.h"
#include "runtime/json/JsonText.h"

#include <cstring>
#include <set>

namespace rondo::rt::safetensors {
namespace {

void appendMetadata(std::string &out, const std::map<std::string, std::string> &metadata) {
  if (metadata.empty())
    return;
  out += "\"__metadata__\":{";
  bool first = true;
  for (const auto &[key, text] : metadata) {
    if (!std::exchange(first, false))
      out += ',';
    appendJsonString(out, key);
    out += ':';
    appendJsonString(out, text);
  }
  out += '}';
}

// Appends one entry and moves `cursor` to the tensor's end; false if the size overflows.
bool appendTensor(std::string &out, const TensorToWrite &tensor, uint64_t &cursor) {
  std::optional<uint64_t> elements = checkedProduct(tensor.shape);
  std::optional<uint64_t> bits = elements ? checkedMul(*elements, bitsOf(tensor.type)) : std::nullopt;
  std::optional<uint64_t> end = bits && *bits % 8 == 0 ? checkedAdd(cursor, *bits / 8) : std::nullopt;
  if (!end)
    return false;
  if (out.size() > 1)
    out += ',';
  appendJsonString(out, tensor.name);
  absl::StrAppend(&out, ":{\"dtype\":\"", std::string(nameOf(tensor.type)), "\",\"shape\":[",
                  absl::StrJoin(tensor.shape, ","), "],\"data_offsets\":[", cursor, ",", *end, "]}");
  cursor = *end;
  return true;
}

} // namespace

absl::StatusOr<Writer> Writer::create(const std::string &path, absl::Span<const TensorToWrite> tensors,
                                      const std::map<std::string, std::string> &metadata) {
  std::string json = "{";
  appendMetadata(json, metadata);
  uint64_t cursor = 0;
  std::set<std::string_view> names;
  for (const TensorToWrite &tensor : tensors)
    if (!isValidUtf8(tensor.name) || !names.insert(tensor.name).second || !appendTensor(json, tensor, cursor))
      return makeError(ErrorId::Internal,
                       absl::StrCat("tensor ", quotedName(tensor.name), " cannot be written"), {path});
  json += '}';
  uint64_t total = *checkedAlignUp(kLengthBytes + json.size(), RONDO_BUFFER_ALIGNMENT);
  json.resize(total - kLengthBytes, ' ');

  RONDO_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(path));
  Writer writer(std::move(file));
  uint64_t length = json.size();
  uint8_t prefix[kLengthBytes];
  std::memcpy(prefix, &length, kLengthBytes);
  RONDO_RETURN_IF_ERROR(writer.append(prefix));
  RONDO_RETURN_IF_ERROR(writer.append({reinterpret_cast<const uint8_t *>(json.data()), json.size()}));
  writer.remaining = cursor;
  return writer;
}

absl::Status Writer::write(absl::Span<const uint8_t> bytes) {
  if (bytes.size() > remaining)
    return makeError(ErrorId::Internal, "more bytes than the tensors to be written hold");
  remaining -= bytes.size();
  return append(bytes);
}

absl::Status Writer::append(absl::Span<const uint8_t> bytes) {
  hash.add(bytes);
  size += bytes.size();
  return file.write(bytes);
}

absl::Status Writer::finish() {
  if (remaining != 0)
    return makeError(ErrorId::Internal, absl::StrCat(remaining, " bytes of the tensors were not written"));
  return file.commit();
}

} // namespace rondo::rt::safetensors
