// What the package says about one parameter, as plain data.
#pragma once

#include "runtime/format/Package_generated.h"

#include <cstdint>
#include <string>
#include <vector>

namespace rondo::rt {

struct ParameterInfo {
  std::string name;                 // full name in the checkpoint
  std::vector<std::string> aliases; // other names, accepted if bit-equal
  std::vector<uint64_t> shape;
  format::DType dtype = format::DType::F32; // in memory
  format::Layout layout = format::Layout::RowMajor;
  uint32_t panel = 0;        // Panels only
  uint64_t storageBytes = 0; // in memory, padding included
  format::ParameterGroup group = format::ParameterGroup::Trainable;
  format::InitKind initKind = format::InitKind::Constant;
  double initValue = 0;

  uint64_t elements() const {
    uint64_t product = 1;
    for (uint64_t dimension : shape)
      product *= dimension;
    return product;
  }
};

} // namespace rondo::rt
