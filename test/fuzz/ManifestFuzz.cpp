// Any bytes as a checkpoint's manifest: as they are, and with the right hash behind them, so that the parser
// sees them. What is accepted is what Rondo would write.
#include "runtime/files/ContentHash.h"
#include "runtime/train/CheckpointManifest.h"

#include <algorithm>
#include <cstdlib>

using namespace rondo;
using namespace rondo::rt;

static void read(std::string_view text) {
  absl::StatusOr<CheckpointManifest> manifest = parseManifest(text, {"manifest.json"});
  if (!manifest.ok() && errorIdOf(manifest.status()) != ErrorId::CheckpointIncomplete)
    std::abort();
  if (!manifest.ok())
    return;
  if (formatManifest(*manifest) != text)
    std::abort();
  for (const auto &[name, file] : manifest->files)
    if (name != kWeightsFile && name != kOptimizerFile && name != kStatesFile)
      std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  read(text);
  text.resize(std::min(text.size(), text.rfind("  \"xxh3\": \"")));
  read(text + "  \"xxh3\": \"" + hashText(contentHash(text)) + "\"\n}\n");
  return 0;
}
