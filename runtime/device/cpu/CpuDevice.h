// The CPU as a device: its memory is the host's, its command lists run on a fixed thread pool.
#pragma once

#include "runtime/device/Device.h"

#include <memory>

namespace rondo::rt {

// `threads` 0 means one per processor that this process may use. Results do not depend on it.
std::unique_ptr<Device> createCpuDevice(unsigned threads = 0);

} // namespace rondo::rt
