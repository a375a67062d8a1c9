// Memory of one input or output of an entry point, on the host and on the device.
#pragma once

#include "runtime/device/Device.h"
#include "runtime/exec/Tensor.h"

#include <memory>
#include <optional>

namespace rondo::rt {

// On a device whose memory the host can reach both are the same bytes and there is nothing to copy; elsewhere
// runs copy between the two.
class IoBuffer {
public:
  static absl::StatusOr<IoBuffer> create(Device &device, const format::IoTensor &description);

  const format::IoTensor &description() const { return *description_; }
  void *deviceAddress() const { return memory_->address(); }
  absl::Span<uint8_t> host() const { return host_; }
  // The host's bytes as elements of the tensor's type.
  template <typename T> absl::Span<T> elements() const {
    return {reinterpret_cast<T *>(host_.data()), host_.size() / sizeof(T)};
  }

  // What a run has to copy, if anything.
  std::optional<Transfer> transfer() const {
    return staging_ ? std::optional(Transfer{memory_.get(), staging_.get()}) : std::nullopt;
  }
  // The same at once, for tools that run commands one by one.
  absl::Status copyToDevice();
  absl::Status copyFromDevice();

private:
  Device *device_ = nullptr;
  const format::IoTensor *description_ = nullptr;
  std::unique_ptr<DeviceMemory> memory_;
  std::unique_ptr<StagingMemory> staging_; // null if the host reaches the device's memory
  absl::Span<uint8_t> host_;
};

} // namespace rondo::rt
