// The copy, on a device, of host memory that tools fill, save and look at: weights, optimiser states, state
// pools.
#pragma once

#include "runtime/device/Device.h"
#include "runtime/memory/Mirror.h"

#include <memory>
#include <vector>

namespace rondo::rt {

// Copies whole regions when the other side is newer and not before: none during a series of runs that nobody
// looks into, nor for slots of states that are reset, forked or reordered in between. Host memory and device
// must outlive it.
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
  bool clear(size_t region, uint64_t offset, uint64_t bytes) override;
  bool copy(size_t region, uint64_t from, uint64_t to, uint64_t bytes) override;
  bool gather(size_t region, absl::Span<const uint64_t> sources) override;

private:
  enum class Newer { Host, Device, None };
  explicit DeviceMirror(Device &device) : device_(device) {}
  // After work on the device, which held the newest bytes, and now does alone.
  bool done(absl::Status work);

  Device &device_;
  std::vector<absl::Span<uint8_t>> host_;
  std::vector<std::unique_ptr<DeviceMemory>> memory_;
  Newer newer_ = Newer::Host;
  std::unique_ptr<DeviceMemory> old_; // what a region was before a gather
  absl::Status status_;               // of the last copy to the host, or work on the device
};

} // namespace rondo::rt
