// Sizes of storage layouts, checked against what a package states.
#include "runtime/parameters/StorageBlock.h"

#include "absl/strings/str_cat.h"
#include "runtime/files/CheckedMath.h"
#include "runtime/format/KernelAbi.h"

namespace rondo::rt {
namespace {

// Bytes in memory that the layout needs, or nothing if it is malformed or overflows.
std::optional<uint64_t> bytesNeeded(const ParameterInfo &info) {
  std::optional<uint64_t> elements = checkedProduct(info.shape);
  if (info.layout == format::Layout::Panels) {
    if (info.shape.size() != 2 || info.panel == 0)
      return std::nullopt;
    std::optional<uint64_t> rows = checkedAlignUp(info.shape[0], info.panel);
    elements = elements && rows ? checkedMul(*rows, info.shape[1]) : std::nullopt;
  }
  return elements ? checkedMul(*elements, sizeof(float)) : std::nullopt;
}

} // namespace

absl::StatusOr<StorageBlock> StorageBlock::create(absl::Span<const ParameterInfo> infos) {
  StorageBlock block;
  std::optional<uint64_t> total = 0;
  std::vector<uint64_t> offsets;
  for (const ParameterInfo &info : infos) {
    if (info.dtype != format::DType::F32 || info.layout > format::Layout::Panels)
      return makeError(
          ErrorId::BadEnum,
          absl::StrCat("expected f32 parameters in a known layout, found another for '", info.name, "'"));
    if (bytesNeeded(info) != info.storageBytes)
      return makeError(ErrorId::BadSize,
                       absl::StrCat("the storage of '", info.name, "' does not fit its shape"));
    offsets.push_back(*total);
    std::optional<uint64_t> end = checkedAdd(*total, info.storageBytes);
    total = end ? checkedAlignUp(*end, RONDO_BUFFER_ALIGNMENT) : std::nullopt;
    if (!total)
      return makeError(ErrorId::BadSize, "the size of all parameters overflows");
  }
  RONDO_ASSIGN_OR_RETURN(block.memory_, AlignedBuffer::allocateZeroed(*total));
  for (size_t i = 0; i < offsets.size(); ++i)
    block.storage_.push_back({reinterpret_cast<float *>(block.memory_.data() + offsets[i]),
                              infos[i].storageBytes / sizeof(float)});
  return block;
}

} // namespace rondo::rt
