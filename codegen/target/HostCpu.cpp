// Reads /proc/cpuinfo.
#include "codegen/target/HostCpu.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace rondo::target {

HostCpu parseCpuInfo(const std::string &text) {
  HostCpu cpu;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && !line.empty();) {
    size_t colon = line.find(':');
    if (colon == std::string::npos)
      continue;
    std::string key = line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1);
    std::string value = colon + 2 <= line.size() ? line.substr(colon + 2) : "";
    if (key == "vendor_id") {
      cpu.vendor = value;
    } else if (key == "cpu family") {
      cpu.family = std::atoi(value.c_str());
    } else if (key == "model") {
      cpu.model = std::atoi(value.c_str());
    } else if (key == "flags") {
      std::istringstream words(value);
      for (std::string flag; words >> flag;)
        cpu.flags.push_back(flag);
      std::sort(cpu.flags.begin(), cpu.flags.end());
    }
  }
  return cpu;
}

HostCpu hostCpu() {
  std::ifstream file("/proc/cpuinfo");
  std::stringstream text;
  text << file.rdbuf();
  return parseCpuInfo(text.str());
}

} // namespace rondo::target
