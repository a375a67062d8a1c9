// Compares what a package's code needs with what this machine's processor has.
#pragma once

#include "runtime/format/Package_generated.h"
#include "runtime/status/Status.h"

#include <string>
#include <string_view>

namespace rondo::rt {

// The flags of the first processor in the text of /proc/cpuinfo, blank-separated.
std::string_view cpuFlags(std::string_view cpuinfo);

// OK if `flags` has every feature that the package names and the package is for CPUs, else RND4001 with those
// missing.
absl::Status checkCpuFeatures(const format::Package &package, std::string_view flags);

// The text of /proc/cpuinfo; empty if it cannot be read.
std::string readCpuInfo();

} // namespace rondo::rt
