// The code of a module's kernels for NVIDIA GPUs as plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rondo::codegen {

// One module of one entry (see runtime/format/CudaKernelAbi.h), whose name is `symbol`.
struct CudaKernel {
  std::string symbol; // of the tile.kernel
  std::string ptx;
  std::vector<uint8_t> cubin; // empty where there was no ptxas
  uint32_t threads = 0;       // of a block
  uint32_t sharedBytes = 0;   // of a block
  uint64_t scratchBytes = 0;  // of a block, multiple of 64
};

struct CudaKernels {
  std::vector<CudaKernel> kernels; // in the order of the module
};

} // namespace rondo::codegen
