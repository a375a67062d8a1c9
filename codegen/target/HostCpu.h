// What the machine at hand says about itself.
#pragma once

#include <string>
#include <vector>

namespace rondo::target {

struct HostCpu {
  std::string vendor; // "AuthenticAMD"
  int family = 0;
  int model = 0;
  std::vector<std::string> flags; // sorted
};

// Reads the first processor of a text in the form of /proc/cpuinfo.
HostCpu parseCpuInfo(const std::string &text);
// Of /proc/cpuinfo; empty where there is none.
HostCpu hostCpu();

} // namespace rondo::target
