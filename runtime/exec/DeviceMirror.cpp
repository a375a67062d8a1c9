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

bool DeviceMirror::done(absl::Status work) {
  if (status_.ok())
    status_ = std::move(work);
  newer_ = Newer::Device;
  return true;
}

bool DeviceMirror::clear(size_t region, uint64_t offset, uint64_t bytes) {
  return newer_ != Newer::Host && done(device_.clear(*memory_[region], offset, bytes));
}

bool DeviceMirror::copy(size_t region, uint64_t from, uint64_t to, uint64_t bytes) {
  return newer_ != Newer::Host && done(device_.copy(*memory_[region], to, *memory_[region], from, bytes));
}

bool DeviceMirror::gather(size_t region, absl::Span<const uint64_t> sources) {
  if (newer_ == Newer::Host || sources.empty())
    return false;
  uint64_t size = host_[region].size(), part = size / sources.size();
  if (!old_ || old_->size() < size) {
    auto memory = device_.allocate(size);
    if (!memory.ok())
      return false; // the host has a place
    old_ = *std::move(memory);
  }
  absl::Status work = device_.copy(*old_, 0, *memory_[region], 0, size);
  for (size_t i = 0; i < sources.size() && work.ok(); ++i)
    if (sources[i] != i)
      work = device_.copy(*memory_[region], i * part, *old_, sources[i] * part, part);
  return done(std::move(work));
}

void DeviceMirror::beforeChange() {
  beforeRead();
  newer_ = Newer::Host;
}

} // namespace rondo::rt
