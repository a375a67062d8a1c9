// Saving and loading of states.
#include "runtime/states/StateFile.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "runtime/files/ContentHash.h"
#include "runtime/safetensors/Reader.h"
#include "runtime/safetensors/Writer.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace rondo::rt {
namespace {

using safetensors::ElementType;
using safetensors::elementTypeOf;
using safetensors::Reader;
using safetensors::TensorInfo;

constexpr const char *kVersionKey = "rondo.state", *kVersion = "1";
constexpr const char *kModelKey = "rondo.model";
constexpr const char *kPositionsKey = "rondo.positions";
constexpr const char *kHashKey = "rondo.hash";

std::vector<uint64_t> shapeInFile(const StateInfo &info, uint64_t rows) {
  std::vector<uint64_t> shape = {rows};
  shape.insert(shape.end(), info.shape.begin(), info.shape.end());
  return shape;
}

absl::Status layoutError(const std::string &message, const std::string &path) {
  return makeError(ErrorId::StateLayout, message, {path});
}

std::string metadataOf(const Reader &reader, const char *key) {
  auto found = reader.header().metadata.find(key);
  return found == reader.header().metadata.end() ? std::string() : found->second;
}

// The rows' positions, once version and model are known to be right.
absl::StatusOr<std::vector<int64_t>> checkOrigin(const Reader &reader, uint64_t modelHash) {
  if (std::string version = metadataOf(reader, kVersionKey); version != kVersion)
    return layoutError(version.empty() ? "expected a saved state, found other tensors"
                                       : absl::StrCat("expected a saved state of version 1, found ",
                                                      safetensors::quotedName(version)),
                       reader.path());
  if (std::string model = metadataOf(reader, kModelKey); model != hashText(modelHash))
    return makeError(ErrorId::StateModelMismatch,
                     absl::StrCat("expected the state of model ", hashText(modelHash), ", found ",
                                  safetensors::quotedName(model)),
                     {reader.path()});
  std::vector<int64_t> positions;
  std::string text = metadataOf(reader, kPositionsKey);
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    int64_t position = 0;
    if (!absl::SimpleAtoi(part, &position) || position < 0)
      return layoutError("expected the positions of the saved rows, found none or malformed ones",
                         reader.path());
    positions.push_back(position);
  }
  return positions;
}

// The file's tensors are exactly the model's states, for this many rows.
absl::Status checkLayout(const Reader &reader, const StatePool &pool, uint64_t rows) {
  if (reader.header().tensors.size() != pool.infos().size())
    return layoutError(
        absl::StrCat("expected ", pool.infos().size(), " states, found ", reader.header().tensors.size()),
        reader.path());
  for (const StateInfo &info : pool.infos()) {
    const TensorInfo *tensor = reader.find(info.name);
    if (!tensor)
      return layoutError(absl::StrCat("expected a state '", info.name, "', found none"), reader.path());
    std::vector<uint64_t> shape = shapeInFile(info, rows);
    if (tensor->type != elementTypeOf(info.dtype) || tensor->shape != shape)
      return layoutError(
          absl::StrCat("expected '", info.name, "' of ", std::string(nameOf(elementTypeOf(info.dtype))), " ",
                       safetensors::shapeText(shape), ", found ", std::string(nameOf(tensor->type)), " ",
                       safetensors::shapeText(tensor->shape)),
          reader.path());
  }
  return absl::OkStatus();
}

template <typename T> bool isNegative(const uint8_t *bytes, uint64_t size) {
  for (uint64_t at = 0; at < size; at += sizeof(T)) {
    T value;
    std::memcpy(&value, bytes + at, sizeof(T));
    if (value < 0)
      return true;
  }
  return false;
}

// All states' rows in one block of memory, in the order of pool.infos(), checked against the file's hash.
absl::StatusOr<AlignedBuffer> readRows(const Reader &reader, const StatePool &pool) {
  uint64_t total = 0;
  for (const TensorInfo &tensor : reader.header().tensors)
    total += tensor.bytes(); // no overflow: they share a file
  RONDO_ASSIGN_OR_RETURN(AlignedBuffer rows, AlignedBuffer::allocate(total));
  ContentHash hash; // of rows as they stand in a file, taken without laying them out
  absl::Span<uint8_t> rest = rows.bytes();
  for (const StateInfo &info : pool.infos()) {
    const TensorInfo &tensor = *reader.find(info.name);
    absl::Span<uint8_t> target = rest.first(tensor.bytes());
    RONDO_RETURN_IF_ERROR(reader.readBytes(tensor, 0, target));
    if (hasNegativeCount(info.dtype, target))
      return layoutError(absl::StrCat("expected counts of tokens in '", info.name, "', found a negative one"),
                         reader.path());
    hash.add(target);
    rest.remove_prefix(tensor.bytes());
  }
  if (metadataOf(reader, kHashKey) != hashText(hash.value()))
    return layoutError("the saved states do not match their hash", reader.path());
  return rows;
}

} // namespace

bool hasNegativeCount(format::DType dtype, absl::Span<const uint8_t> bytes) {
  if (dtype == format::DType::I64)
    return isNegative<int64_t>(bytes.data(), bytes.size());
  return dtype == format::DType::I32 && isNegative<int32_t>(bytes.data(), bytes.size());
}

absl::Status saveStates(const std::string &path, uint64_t modelHash, const StatePool &pool,
                        absl::Span<const uint64_t> slots) {
  std::vector<int64_t> positions;
  for (uint64_t slot : slots) {
    RONDO_RETURN_IF_ERROR(pool.checkUsable(slot));
    positions.push_back(pool.position(slot));
  }
  ContentHash hash;
  std::vector<safetensors::TensorToWrite> tensors;
  for (size_t i = 0; i < pool.infos().size(); ++i) {
    const StateInfo &info = pool.infos()[i];
    tensors.push_back({info.name, elementTypeOf(info.dtype), shapeInFile(info, slots.size())});
    for (uint64_t slot : slots)
      hash.add(pool.bytes(i, slot));
  }
  RONDO_ASSIGN_OR_RETURN(safetensors::Writer writer,
                         safetensors::Writer::create(path, tensors,
                                                     {{kVersionKey, kVersion},
                                                      {kModelKey, hashText(modelHash)},
                                                      {kPositionsKey, absl::StrJoin(positions, ",")},
                                                      {kHashKey, hashText(hash.value())}}));
  for (size_t i = 0; i < pool.infos().size(); ++i)
    for (uint64_t slot : slots)
      RONDO_RETURN_IF_ERROR(writer.write(pool.bytes(i, slot)));
  return writer.finish();
}

absl::Status loadStates(const std::string &path, uint64_t modelHash, StatePool &pool,
                        absl::Span<const uint64_t> slots) {
  RONDO_ASSIGN_OR_RETURN(Reader reader, Reader::open(path));
  RONDO_ASSIGN_OR_RETURN(std::vector<int64_t> positions, checkOrigin(reader, modelHash));
  if (positions.size() != slots.size())
    return layoutError(absl::StrCat("expected ", slots.size(), " rows, found ", positions.size()), path);
  for (uint64_t slot : slots)
    if (slot >= pool.slots())
      return makeError(ErrorId::TokenRange,
                       absl::StrCat("expected a slot below ", pool.slots(), ", found ", slot));
  RONDO_RETURN_IF_ERROR(checkLayout(reader, pool, slots.size()));
  RONDO_ASSIGN_OR_RETURN(AlignedBuffer rows, readRows(reader, pool));
  const uint8_t *source = rows.data();
  for (size_t i = 0; i < pool.infos().size(); ++i)
    for (uint64_t slot : slots) {
      absl::Span<uint8_t> target = pool.bytes(i, slot);
      std::copy_n(source, target.size(), target.begin());
      source += target.size();
    }
  for (size_t row = 0; row < slots.size(); ++row) {
    pool.setPosition(slots[row], positions[row]);
    pool.heal(slots[row]);
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> countSavedRows(const std::string &path, uint64_t modelHash) {
  RONDO_ASSIGN_OR_RETURN(Reader reader, Reader::open(path));
  RONDO_ASSIGN_OR_RETURN(std::vector<int64_t> positions, checkOrigin(reader, modelHash));
  return positions.size();
}

} // namespace rondo::rt
