// The copy, on a device, of host memory that tools fill, save and look at: weights, optimiser states, state
// pools.
#pragma once

#include "runtime/device/Device.h"
#include "runtime/memory/Mirror.h"

#include <memory>
#include <vector>

namespace rondo::rt {

// Copies whole regions when the other side is newer and not before: none during a series of runs that nobody
// looks into. Host memory and device must outlive it.
class DeviceMirror final : public Mirror {
public:
  // The host's bytes count at first. RND4002 if the device has too little memory.
  static absl::StatusOr<std::unique_ptr<DeviceMirror>> create(Device &device,
                                                              std::vector<absl::Span<uint8_t>> regions);

  void *address(size_t region) const { return memory_[region]->address(); }

  // Brings the device up to date, before a run.
  absl::Status toDevice();
  // A run may have changed the device's bytes.
  void deviceChanged() { newer_ = Newer::Device; }

  void beforeRead() override;
  void beforeChange() override;

private:
  enum class Newer { Host, Device, None };
  explicit DeviceMirror(Device &device) : device_(device) {}

  Device &device_;
  std::vector<absl::Span<uint8_t>> host_;
  std::vector<std::unique_ptr<DeviceMemory>> memory_;
  Newer newer_ = Newer::Host;
  absl::Status status_; // of the last copy to the host
};

} // namespace rondo::rt
