// Memory of one input or output of an entry point, on the host and on the device.
#pragma once

#include "runtime/device/Device.h"
#include "runtime/exec/Tensor.h"

#include <memory>

namespace rondo::rt {

// On a device whose memory the host can reach both are the same bytes and copying does nothing.
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

  absl::Status copyToDevice();
  absl::Status copyFromDevice();

private:
  Device *device_ = nullptr;
  const format::IoTensor *description_ = nullptr;
  std::unique_ptr<DeviceMemory> memory_;
  AlignedBuffer staging_; // empty if the host reaches the device's memory
  absl::Span<uint8_t> host_;
};

} // namespace rondo::rt
