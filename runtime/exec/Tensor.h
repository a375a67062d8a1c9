// Tensors that belong to somebody else, and how they are written in messages.
#pragma once

#include "absl/types/span.h"
#include "runtime/format/Package_generated.h"

#include <cstdint>
#include <string>

namespace rondo::rt {

// Row-major elements in host memory.
struct TensorView {
  format::DType dtype = format::DType::F32;
  absl::Span<const uint64_t> shape;
  absl::Span<const uint8_t> bytes;
};

// The shape of an input or output; valid as long as the package.
inline absl::Span<const uint64_t> shapeOf(const format::IoTensor &tensor) {
  return {tensor.shape()->data(), tensor.shape()->size()};
}

// "i32 [2, 64]"
std::string typeText(format::DType dtype, absl::Span<const uint64_t> shape);

} // namespace rondo::rt
