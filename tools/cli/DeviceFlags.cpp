// --device and --threads, the same in all programs that run packages.
#include "tools/cli/DeviceFlags.h"

namespace rondo::cli {

void addDeviceFlags(CLI::App &app, DeviceChoice &choice) {
  app.add_option("--device", choice.name, "cpu, cuda or cuda:N; without it the kind that the package is for")
      ->type_name("NAME");
  app.add_option("-t,--threads", choice.threads,
                 "Threads of a CPU; 0 means one per processor. Results do not depend on it")
      ->envname("RONDO_THREADS")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
}

} // namespace rondo::cli
