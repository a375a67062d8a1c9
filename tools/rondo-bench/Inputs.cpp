// Values for the inputs of an entry point that is run for its time alone.
#include "tools/rondo-bench/Inputs.h"

#include "runtime/package/Package.h"

#include <cstring>

namespace rondo::bench {
namespace {

// Knuth's multiplicative hash: neighbours get values far apart.
uint32_t scattered(uint64_t index) { return static_cast<uint32_t>(index + 1) * 2654435761u; }

template <typename T> void store(std::vector<uint8_t> &bytes, uint64_t index, T value) {
  std::memcpy(bytes.data() + index * sizeof(T), &value, sizeof(T));
}

std::vector<uint8_t> valuesFor(const rt::format::IoTensor &tensor) {
  std::vector<uint8_t> bytes(rt::tensorBytes(tensor));
  uint64_t count = bytes.size() / rt::elementBytes(tensor.dtype());
  uint64_t span = tensor.has_range() ? static_cast<uint64_t>(tensor.maximum() - tensor.minimum()) + 1 : 1;
  for (uint64_t i = 0; i < count; ++i) {
    int64_t whole = tensor.minimum() + static_cast<int64_t>(span == 0 ? 0 : scattered(i) % span);
    if (tensor.dtype() == rt::format::DType::F32)
      store(bytes, i, static_cast<float>(scattered(i)) * 0x1p-31f - 1.0f);
    else if (tensor.dtype() == rt::format::DType::I32)
      store(bytes, i, static_cast<int32_t>(whole));
    else if (tensor.dtype() == rt::format::DType::I64)
      store(bytes, i, whole);
  }
  return bytes;
}

} // namespace

absl::Status fillInputs(rt::Executor &executor) {
  for (const rt::format::IoTensor *tensor : *executor.entry().inputs()) {
    if (tensor->absent() != rt::format::Absent::Required)
      continue;
    std::vector<uint8_t> bytes = valuesFor(*tensor);
    RONDO_RETURN_IF_ERROR(
        executor.inputs().set(tensor->name()->string_view(), {tensor->dtype(), rt::shapeOf(*tensor), bytes}));
  }
  return absl::OkStatus();
}

} // namespace rondo::bench
