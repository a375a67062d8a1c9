// Element types: names, widths, conversions. Files and machine are little-endian.
#include "runtime/safetensors/ElementType.h"

#include <bit>
#include <cstring>

namespace rondo::rt::safetensors {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors data is read in place");

struct Row {
  std::string_view name;
  uint32_t bits;
};

// In the order of ElementType.
constexpr Row kRows[] = {
    {"F64", 64},    {"F32", 32},    {"F16", 16},    {"BF16", 16},   {"I64", 64}, {"I32", 32}, {"I16", 16},
    {"I8", 8},      {"U64", 64},    {"U32", 32},    {"U16", 16},    {"U8", 8},   {"BOOL", 8}, {"F8_E4M3", 8},
    {"F8_E5M2", 8}, {"F8_E8M0", 8}, {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"F4", 4},   {"C64", 64},
};
static_assert(std::size(kRows) == static_cast<size_t>(ElementType::C64) + 1);

template <typename T> T load(const uint8_t *source, size_t index) {
  T value;
  std::memcpy(&value, source + index * sizeof(T), sizeof(T));
  return value;
}

float widenF16(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000) << 16;
  uint32_t exponent = (half >> 10) & 0x1F, mantissa = half & 0x3FF;
  if (exponent == 0) // zero or subnormal: mantissa * 2^-24 is exact in f32
    return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(static_cast<float>(mantissa) * 0x1p-24f));
  uint32_t biased = exponent == 0x1F ? 0xFF : exponent + (127 - 15);
  return std::bit_cast<float>(sign | biased << 23 | mantissa << 13);
}

template <typename T> void widenIntegers(const uint8_t *source, size_t count, int64_t *target) {
  for (size_t i = 0; i < count; ++i)
    target[i] = static_cast<int64_t>(load<T>(source, i));
}

} // namespace

std::optional<ElementType> elementTypeNamed(std::string_view name) {
  for (size_t i = 0; i < std::size(kRows); ++i)
    if (kRows[i].name == name)
      return static_cast<ElementType>(i);
  return std::nullopt;
}

std::string_view nameOf(ElementType type) { return kRows[static_cast<size_t>(type)].name; }

uint32_t bitsOf(ElementType type) { return kRows[static_cast<size_t>(type)].bits; }

bool isReadableAsF32(ElementType type) { return type <= ElementType::BF16; }

bool isInteger(ElementType type) { return type >= ElementType::I64 && type <= ElementType::U8; }

void convertToF32(ElementType type, const uint8_t *source, size_t count, float *target) {
  switch (type) {
  case ElementType::F64:
    for (size_t i = 0; i < count; ++i)
      target[i] = static_cast<float>(load<double>(source, i));
    return;
  case ElementType::F16:
    for (size_t i = 0; i < count; ++i)
      target[i] = widenF16(load<uint16_t>(source, i));
    return;
  case ElementType::BF16:
    for (size_t i = 0; i < count; ++i)
      target[i] = std::bit_cast<float>(uint32_t{load<uint16_t>(source, i)} << 16);
    return;
  default:
    std::memcpy(target, source, count * sizeof(float));
  }
}

bool convertToI64(ElementType type, const uint8_t *source, size_t count, int64_t *target) {
  switch (type) {
  case ElementType::I32:
    widenIntegers<int32_t>(source, count, target);
    return true;
  case ElementType::I16:
    widenIntegers<int16_t>(source, count, target);
    return true;
  case ElementType::I8:
    widenIntegers<int8_t>(source, count, target);
    return true;
  case ElementType::U32:
    widenIntegers<uint32_t>(source, count, target);
    return true;
  case ElementType::U16:
    widenIntegers<uint16_t>(source, count, target);
    return true;
  case ElementType::U8:
    widenIntegers<uint8_t>(source, count, target);
    return true;
  default: // I64, and U64, whose upper half would turn negative
    widenIntegers<int64_t>(source, count, target);
  }
  for (size_t i = 0; type == ElementType::U64 && i < count; ++i)
    if (target[i] < 0)
      return false;
  return true;
}

ElementType elementTypeOf(format::DType dtype) {
  switch (dtype) {
  case format::DType::F32:
    return ElementType::F32;
  case format::DType::F64:
    return ElementType::F64;
  case format::DType::F16:
    return ElementType::F16;
  case format::DType::BF16:
    return ElementType::BF16;
  case format::DType::I8:
    return ElementType::I8;
  case format::DType::I16:
    return ElementType::I16;
  case format::DType::I32:
    return ElementType::I32;
  case format::DType::I64:
    return ElementType::I64;
  case format::DType::U8:
    return ElementType::U8;
  case format::DType::Bool:
    return ElementType::Bool;
  }
  return ElementType::U8;
}

} // namespace rondo::rt::safetensors
