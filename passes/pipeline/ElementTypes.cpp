// Element types and shapes as the package states them.
#include "passes/pipeline/ElementTypes.h"

using namespace mlir;

using DType = rondo::codegen::PackageSpec::DType;

std::optional<DType> rondo::packageType(Type element) {
  if (element.isF32())
    return DType::F32;
  if (element.isF64())
    return DType::F64;
  if (element.isF16())
    return DType::F16;
  if (element.isBF16())
    return DType::BF16;
  if (element.isInteger(8))
    return DType::I8;
  if (element.isInteger(16))
    return DType::I16;
  if (element.isInteger(32))
    return DType::I32;
  if (element.isInteger(64))
    return DType::I64;
  return std::nullopt;
}

std::vector<uint64_t> rondo::packageShape(ShapedType type) {
  return std::vector<uint64_t>(type.getShape().begin(), type.getShape().end());
}
