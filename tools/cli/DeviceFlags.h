// The flags that choose a device.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace rondo::cli {

struct DeviceChoice {
  std::string name; // empty: the kind that the package is for
  unsigned threads = 0;
};

// Adds --device and --threads.
void addDeviceFlags(CLI::App &app, DeviceChoice &choice);

} // namespace rondo::cli
