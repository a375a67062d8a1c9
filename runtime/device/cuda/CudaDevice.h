// NVIDIA GPUs as devices: their memory is their own, their command lists are recorded graphs.
#pragma once

#include "runtime/device/Device.h"

#include <memory>
#include <string>
#include <vector>

namespace rondo::rt {

// GPU number `ordinal`, in the driver's order. RND4010 if there is none.
absl::StatusOr<std::unique_ptr<Device>> createCudaDevice(int ordinal);

// "NVIDIA H200, sm_90, 143.8 GB, 140.2 GB free" for each, in order. RND4010 if there is no driver.
absl::StatusOr<std::vector<std::string>> listCudaDevices();

} // namespace rondo::rt
