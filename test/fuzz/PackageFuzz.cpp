// Fuzz target of the package reader. The first byte chooses: the rest as a whole file, or as a payload behind
// a prefix whose size and hash fit, so that mutations reach the validator.
#include "runtime/format/Prefix.h"
#include "runtime/package/Package.h"

#include <cstring>
#include <string>
#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace rondo::rt;

static std::string withPrefix(const uint8_t *payload, size_t size) {
  format::Prefix prefix = {};
  std::memcpy(prefix.magic, format::kMagic, sizeof(prefix.magic));
  prefix.major = format::kMajorVersion;
  prefix.minor = format::kMinorVersion;
  prefix.payloadBytes = size;
  prefix.payloadHash = XXH3_64bits(payload, size);
  std::string file(reinterpret_cast<const char *>(&prefix), sizeof(prefix));
  return file.append(reinterpret_cast<const char *>(payload), size);
}

// Whatever the validator lets through can be walked.
static uint64_t walk(const Package &package) {
  uint64_t sum = 0;
  for (const format::Entry *entry : *package.root().entries()) {
    for (const format::IoTensor *tensor : *entry->inputs())
      sum += tensorBytes(*tensor);
    for (const format::Command *command : *entry->commands()) {
      sum += package.locationText(command->location()).size();
      sum +=
          package.root().kernels()->Get(command->kernel())->arguments()->size() - command->bindings()->size();
    }
  }
  return sum;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  std::string file = data[0] & 1 ? withPrefix(data + 1, size - 1)
                                 : std::string(reinterpret_cast<const char *>(data + 1), size - 1);
  absl::StatusOr<Package> package =
      Package::fromBytes({reinterpret_cast<const uint8_t *>(file.data()), file.size()}, "fuzz.rondo");
  return package.ok() && walk(*package) == ~uint64_t(0) ? -1 : 0;
}
