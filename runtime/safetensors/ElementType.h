// The element types of safetensors files, and how they become the runtime's numbers.
#pragma once

#include "runtime/format/Package_generated.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rondo::rt::safetensors {

enum class ElementType : uint8_t {
  F64,
  F32,
  F16,
  BF16,
  I64,
  I32,
  I16,
  I8,
  U64,
  U32,
  U16,
  U8,
  Bool,
  F8E4M3,
  F8E5M2,
  F8E8M0,
  F6E2M3,
  F6E3M2,
  F4,
  C64,
};

// By the name that files use ("BF16"), or nothing.
std::optional<ElementType> elementTypeNamed(std::string_view name);
std::string_view nameOf(ElementType type);
uint32_t bitsOf(ElementType type);

// Which types can be read as f32 (f64 is narrowed, f16 and bf16 are widened) and which as integers.
bool isReadableAsF32(ElementType type);
bool isInteger(ElementType type);

// `count` elements at `source`, which need no alignment. The type must be readable as asked.
void convertToF32(ElementType type, const uint8_t *source, size_t count, float *target);
// False if an element (only a U64) does not fit.
bool convertToI64(ElementType type, const uint8_t *source, size_t count, int64_t *target);

// The type under which files hold tensors of a package.
ElementType elementTypeOf(format::DType dtype);

} // namespace rondo::rt::safetensors
