// Fuzz target of kernels that Triton compiled: the input is metadata, a zero byte and PTX.
#include "frontends/triton/TritonKernel.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto [metadata, ptx] = llvm::StringRef(reinterpret_cast<const char *>(data), size).split('\0');
  llvm::Expected<rondo::TritonKernel> kernel = rondo::parseTritonKernel(metadata, ptx);
  if (!kernel) {
    llvm::consumeError(kernel.takeError());
    return 0;
  }
  // What the compiler relies on.
  if (kernel->threads == 0 || kernel->name.empty() || kernel->trailing > 2 || kernel->sharedBytes < 0 ||
      kernel->scratchBytes < 0)
    __builtin_trap();
  return 0;
}
