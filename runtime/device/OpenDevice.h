// Devices by the names that people give them.
#pragma once

#include "runtime/device/Device.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::rt {

// "cpu", "cuda" (the first GPU), "cuda:N"; empty: the kind that the package is for. `threads` of a CPU, 0:
// one per processor. RND2001 for other names, RND4010 where there is no such GPU.
absl::StatusOr<std::unique_ptr<Device>> openDevice(std::string_view name, const Package &package,
                                                   unsigned threads);

// A line per device: "cpu: 2 threads", "cuda:0: NVIDIA H200, ...". Without a driver the CPU alone.
std::vector<std::string> listDevices();

} // namespace rondo::rt
