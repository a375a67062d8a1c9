// Sizes that follow from a package's description, and its constant section.
#include "codegen/package/PackageSpec.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace rondo::codegen {

static constexpr uint64_t kConstantAlignment = 64;

uint32_t PackageSpec::addConstant(const void *data, uint64_t bytes) {
  uint64_t offset = (constants.size() + kConstantAlignment - 1) / kConstantAlignment * kConstantAlignment;
  constants.resize(offset);
  const auto *first = static_cast<const uint8_t *>(data);
  constants.insert(constants.end(), first, first + bytes);
  constantRanges.push_back({offset, bytes});
  return static_cast<uint32_t>(constantRanges.size() - 1);
}

uint64_t elementBytes(PackageSpec::DType dtype) {
  using DType = PackageSpec::DType;
  switch (dtype) {
  case DType::F64:
  case DType::I64:
    return 8;
  case DType::F32:
  case DType::I32:
    return 4;
  case DType::F16:
  case DType::BF16:
  case DType::I16:
    return 2;
  case DType::I8:
  case DType::U8:
  case DType::Bool:
    return 1;
  }
  return 0;
}

uint64_t parameterStorageBytes(const PackageSpec::Parameter &parameter) {
  uint64_t elements = 1;
  for (size_t i = 0; i < parameter.shape.size(); ++i) {
    uint64_t size = parameter.shape[i];
    if (i == 0 && parameter.layout == PackageSpec::Layout::Panels && parameter.panel > 0)
      size = (size + parameter.panel - 1) / parameter.panel * parameter.panel;
    elements *= size;
  }
  return elements * elementBytes(parameter.dtype);
}

uint64_t hashBytes(const std::string &text) { return XXH3_64bits(text.data(), text.size()); }

} // namespace rondo::codegen
