// Storage of parameters: allocation, initial values, packing and saving.
#include "runtime/parameters/ParameterStore.h"

#include "runtime/parameters/ParameterLoader.h"
#include "runtime/random/Philox.h"
#include "runtime/safetensors/Writer.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

namespace rondo::rt {

absl::StatusOr<ParameterStore> ParameterStore::create(std::vector<ParameterInfo> parameters) {
  ParameterStore store;
  store.parameters_ = std::move(parameters);
  RONDO_ASSIGN_OR_RETURN(store.block_, StorageBlock::create(store.parameters_));
  return store;
}

absl::Status ParameterStore::fill(size_t index, const ReadElements &read) {
  return fillStorage(parameters_[index], storage(index), read);
}

absl::Status ParameterStore::visit(size_t index, const WriteElements &write) const {
  return visitStorage(parameters_[index], storage(index), write);
}

void ParameterStore::initialise(size_t index, uint64_t seed) {
  const ParameterInfo &info = parameters_[index];
  uint64_t stream = XXH3_64bits(info.name.data(), info.name.size());
  float scale = static_cast<float>(info.initValue);
  fill(index, [&](uint64_t first, absl::Span<float> target) {
    switch (info.initKind) {
    case format::InitKind::Constant:
      std::fill(target.begin(), target.end(), scale);
      break;
    case format::InitKind::Normal:
      fillNormal(seed, stream, first, target);
      for (float &value : target)
        value *= scale;
      break;
    case format::InitKind::Uniform:
      fillUniform(seed, stream, first, target);
      for (float &value : target) // 2u - 1 is exact
        value = (2 * value - 1) * scale;
      break;
    }
    return absl::OkStatus();
  }).IgnoreError(); // filling from numbers cannot fail
}

void ParameterStore::initialise(uint64_t seed) {
  for (size_t i = 0; i < size(); ++i)
    initialise(i, seed);
  filled_ = true;
}

absl::Status ParameterStore::load(const std::string &path, absl::Span<const std::string> ignore) {
  filled_ = false;
  RONDO_ASSIGN_OR_RETURN(ParameterSources sources, ParameterSources::open(path, parameters_, ignore));
  for (size_t i = 0; i < size(); ++i) {
    if (sources.isAbsent(i))
      initialise(i, 0);
    else
      RONDO_RETURN_IF_ERROR(
          fill(i, [&](uint64_t first, absl::Span<float> target) { return sources.read(i, first, target); }));
  }
  filled_ = true;
  return absl::OkStatus();
}

absl::Status ParameterStore::save(const std::string &path) const {
  std::vector<safetensors::TensorToWrite> tensors;
  for (const ParameterInfo &info : parameters_)
    tensors.push_back({info.name, safetensors::ElementType::F32, info.shape});
  RONDO_ASSIGN_OR_RETURN(safetensors::Writer writer, safetensors::Writer::create(path, tensors));
  for (size_t i = 0; i < size(); ++i)
    RONDO_RETURN_IF_ERROR(visit(i, [&](absl::Span<const float> piece) {
      return writer.write({reinterpret_cast<const uint8_t *>(piece.data()), piece.size() * sizeof(float)});
    }));
  return writer.finish();
}

} // namespace rondo::rt
