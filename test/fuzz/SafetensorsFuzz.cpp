// Any bytes as a safetensors file: opened, and every tensor of it read in every way.
#include "runtime/safetensors/Reader.h"
#include "test/fuzz/MemoryFile.h"

#include <algorithm>

using namespace rondo;
using namespace rondo::rt;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  absl::StatusOr<safetensors::Reader> reader = safetensors::Reader::open(memoryFile(data, size));
  if (!reader.ok()) {
    if (exitCodeOf(reader.status()) != 3 || formatError(reader.status()).empty())
      std::abort();
    return 0;
  }
  for (const safetensors::TensorInfo &tensor : reader->header().tensors) {
    size_t count = tensor.elements();
    std::vector<float> floats(count);
    std::vector<int32_t> integers(count);
    std::vector<uint8_t> bytes(tensor.bytes());
    reader->readF32(tensor, 0, absl::MakeSpan(floats), ErrorId::InputType).IgnoreError();
    reader->readI32(tensor, 0, absl::MakeSpan(integers), ErrorId::InputType).IgnoreError();
    if (!reader->readBytes(tensor, 0, absl::MakeSpan(bytes)).ok())
      std::abort();
  }
  return 0;
}
