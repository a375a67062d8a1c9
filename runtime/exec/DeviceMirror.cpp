// Copies between host and device when one is newer.
#include "runtime/exec/DeviceMirror.h"

namespace rondo::rt {

absl::StatusOr<std::unique_ptr<DeviceMirror>> DeviceMirror::create(Device &device,
                                                                   std::vector<absl::Span<uint8_t>> regions) {
  std::unique_ptr<DeviceMirror> mirror(new DeviceMirror(device));
  for (absl::Span<uint8_t> region : regions) {
    RONDO_ASSIGN_OR_RETURN(std::unique_ptr<DeviceMemory> memory, device.allocate(region.size()));
    mirror->memory_.push_back(std::move(memory));
  }
  mirror->host_ = std::move(regions);
  return absl::StatusOr<std::unique_ptr<DeviceMirror>>(std::move(mirror));
}

absl::Status DeviceMirror::toDevice() {
  RONDO_RETURN_IF_ERROR(status_);
  if (newer_ != Newer::Host)
    return absl::OkStatus();
  for (size_t i = 0; i < host_.size(); ++i)
    RONDO_RETURN_IF_ERROR(device_.upload(*memory_[i], 0, host_[i]));
  newer_ = Newer::None;
  return absl::OkStatus();
}

void DeviceMirror::beforeRead() {
  if (newer_ != Newer::Device)
    return;
  newer_ = Newer::None;
  for (size_t i = 0; i < host_.size() && status_.ok(); ++i)
    status_ = device_.download(host_[i], *memory_[i], 0);
}

void DeviceMirror::beforeChange() {
  beforeRead();
  newer_ = Newer::Host;
}

} // namespace rondo::rt
