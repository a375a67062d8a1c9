// Any bytes as a saved state, loaded into a small pool, which stays as it was unless all is well.
#include "runtime/states/StateFile.h"
#include "test/fuzz/MemoryFile.h"
#include "test/runtime/states/SamplePool.h"

using namespace rondo;
using namespace rondo::rt;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  SamplePool sample(2);
  std::vector<float> floats = sample.floats;
  std::vector<int64_t> counts = sample.counts;
  absl::Status status = loadStates(memoryFile(data, size), 0x0123456789abcdef, sample.pool, {1});
  if (!status.ok() && (exitCodeOf(status) != 3 || sample.floats != floats || sample.counts != counts))
    std::abort();
  if (status.ok() && (sample.counts[1] < 0 || sample.counts[0] != counts[0]))
    std::abort();
  return 0;
}
