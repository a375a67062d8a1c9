// Training tensors to and from safetensors files, a piece at a time.
#include "runtime/train/CheckpointTensors.h"

#include "absl/strings/str_cat.h"
#include "runtime/files/CheckedMath.h"
#include "runtime/parameters/StorageLayout.h"
#include "runtime/safetensors/Reader.h"
#include "runtime/safetensors/Writer.h"
#include "runtime/states/StateFile.h"

namespace rondo::rt {
namespace {

using safetensors::ElementType;
using safetensors::Reader;
using safetensors::TensorInfo;
using safetensors::Writer;

// One tensor of a file and its place in memory: f32 in a storage layout, or bytes as they are.
struct StoredTensor {
  safetensors::TensorToWrite entry;
  const ParameterInfo *layout = nullptr; // of `storage`; null for `bytes`
  absl::Span<float> storage;
  format::DType dtype = format::DType::F32; // of `bytes`
  absl::Span<uint8_t> bytes;
};

struct StoredFile {
  std::string name;
  std::vector<StoredTensor> tensors;
};

StoredTensor storedF32(const char *prefix, const ParameterInfo &info, absl::Span<float> storage) {
  StoredTensor tensor;
  tensor.entry = {absl::StrCat(prefix, info.name), ElementType::F32, info.shape};
  tensor.layout = &info;
  tensor.storage = storage;
  return tensor;
}

std::vector<StoredFile> filesOf(const TrainingTensors &tensors) {
  StoredFile weights{std::string(kWeightsFile), {}};
  StoredFile optimizer{std::string(kOptimizerFile), {}};
  StoredFile states{std::string(kStatesFile), {}};
  for (const TrainedTensor &parameter : tensors.parameters) {
    weights.tensors.push_back(storedF32("", *parameter.info, parameter.weight));
    if (parameter.firstMoment.empty() && parameter.secondMoment.empty())
      continue;
    optimizer.tensors.push_back(storedF32("adam.m.", *parameter.info, parameter.firstMoment));
    optimizer.tensors.push_back(storedF32("adam.v.", *parameter.info, parameter.secondMoment));
  }
  for (const CarriedTensor &state : tensors.states) {
    StoredTensor &tensor = states.tensors.emplace_back();
    tensor.entry = {state.name, safetensors::elementTypeOf(state.dtype), state.shape};
    tensor.dtype = state.dtype;
    tensor.bytes = state.bytes;
  }
  std::vector<StoredFile> files = {std::move(weights), std::move(optimizer)};
  if (!states.tensors.empty())
    files.push_back(std::move(states));
  return files;
}

// The spans are as long as they must be: whatever else happens, nothing is read or written beside them.
absl::Status checkSpans(const std::vector<StoredFile> &files) {
  for (const StoredFile &file : files)
    for (const StoredTensor &tensor : file.tensors) {
      std::optional<uint64_t> elements = checkedProduct(tensor.entry.shape);
      bool fits = tensor.layout
                      ? tensor.storage.size() * sizeof(float) == tensor.layout->storageBytes
                      : elements && checkedMul(*elements, safetensors::bitsOf(tensor.entry.type) / 8) ==
                                        tensor.bytes.size();
      if (!fits)
        return makeError(ErrorId::Internal,
                         absl::StrCat("the memory of ", safetensors::quotedName(tensor.entry.name),
                                      " does not fit its shape"));
    }
  return absl::OkStatus();
}

absl::StatusOr<CheckpointManifest::File> writeFile(const std::string &path, const StoredFile &file) {
  std::vector<safetensors::TensorToWrite> entries;
  for (const StoredTensor &tensor : file.tensors)
    entries.push_back(tensor.entry);
  RONDO_ASSIGN_OR_RETURN(Writer writer, Writer::create(path, entries));
  for (const StoredTensor &tensor : file.tensors) {
    if (!tensor.layout) {
      RONDO_RETURN_IF_ERROR(writer.write(tensor.bytes));
      continue;
    }
    RONDO_RETURN_IF_ERROR(visitStorage(*tensor.layout, tensor.storage, [&](absl::Span<const float> piece) {
      return writer.write({reinterpret_cast<const uint8_t *>(piece.data()), piece.size() * sizeof(float)});
    }));
  }
  RONDO_RETURN_IF_ERROR(writer.finish());
  return CheckpointManifest::File{writer.fileBytes(), writer.fileHash()};
}

absl::Status layoutError(const Reader &reader, const std::string &message) {
  return makeError(ErrorId::StateLayout, message, {reader.path()});
}

// The file's tensors are exactly the expected ones.
absl::Status checkLayout(const Reader &reader, const StoredFile &file) {
  if (reader.header().tensors.size() != file.tensors.size())
    return layoutError(reader, absl::StrCat("expected ", file.tensors.size(), " tensors, found ",
                                            reader.header().tensors.size()));
  for (const StoredTensor &tensor : file.tensors) {
    const safetensors::TensorToWrite &entry = tensor.entry;
    const TensorInfo *found = reader.find(entry.name);
    if (!found)
      return layoutError(
          reader, absl::StrCat("expected a tensor ", safetensors::quotedName(entry.name), ", found none"));
    if (found->type != entry.type || found->shape != entry.shape)
      return layoutError(reader, absl::StrCat("expected ", safetensors::quotedName(entry.name), " of ",
                                              std::string(nameOf(entry.type)), " ",
                                              safetensors::shapeText(entry.shape), ", found ",
                                              std::string(nameOf(found->type)), " ",
                                              safetensors::shapeText(found->shape)));
  }
  return absl::OkStatus();
}

absl::Status readTensor(const Reader &reader, const StoredTensor &tensor) {
  const TensorInfo &info = *reader.find(tensor.entry.name);
  if (tensor.layout)
    return fillStorage(*tensor.layout, tensor.storage, [&](uint64_t first, absl::Span<float> target) {
      return reader.readF32(info, first, target, ErrorId::StateLayout);
    });
  RONDO_RETURN_IF_ERROR(reader.readBytes(info, 0, tensor.bytes));
  return hasNegativeCount(tensor.dtype, tensor.bytes)
             ? layoutError(reader,
                           absl::StrCat("expected counts of tokens in ",
                                        safetensors::quotedName(tensor.entry.name), ", found a negative one"))
             : absl::OkStatus();
}

} // namespace

absl::StatusOr<std::map<std::string, CheckpointManifest::File>>
writeCheckpointTensors(const std::string &folder, const TrainingTensors &tensors) {
  std::vector<StoredFile> files = filesOf(tensors);
  RONDO_RETURN_IF_ERROR(checkSpans(files));
  std::map<std::string, CheckpointManifest::File> written;
  for (const StoredFile &file : files) {
    RONDO_ASSIGN_OR_RETURN(written[file.name], writeFile(absl::StrCat(folder, "/", file.name), file));
  }
  return written;
}

absl::Status readCheckpointTensors(const std::string &folder, const TrainingTensors &tensors) {
  std::vector<StoredFile> files = filesOf(tensors);
  RONDO_RETURN_IF_ERROR(checkSpans(files));
  std::vector<Reader> readers;
  for (const StoredFile &file : files) {
    RONDO_ASSIGN_OR_RETURN(Reader reader, Reader::open(absl::StrCat(folder, "/", file.name)));
    RONDO_RETURN_IF_ERROR(checkLayout(reader, file));
    readers.push_back(std::move(reader));
  }
  for (size_t i = 0; i < files.size(); ++i)
    for (const StoredTensor &tensor : files[i].tensors)
      RONDO_RETURN_IF_ERROR(readTensor(readers[i], tensor));
  return absl::OkStatus();
}

} // namespace rondo::rt
