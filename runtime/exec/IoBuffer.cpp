// Staged copies between host and device.
#include "runtime/exec/IoBuffer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rondo::rt {

std::string typeText(format::DType dtype, absl::Span<const uint64_t> shape) {
  static constexpr const char *kNames[] = {"f32", "f64", "f16", "bf16", "i8",
                                           "i16", "i32", "i64", "u8",   "bool"};
  return absl::StrCat(kNames[static_cast<int>(dtype)], " [", absl::StrJoin(shape, ", "), "]");
}

absl::StatusOr<IoBuffer> IoBuffer::create(Device &device, const format::IoTensor &description) {
  IoBuffer buffer;
  buffer.device_ = &device;
  buffer.description_ = &description;
  uint64_t bytes = tensorBytes(description);
  RONDO_ASSIGN_OR_RETURN(buffer.memory_, device.allocate(bytes));
  uint8_t *host = buffer.memory_->hostAddress();
  if (!device.sharesMemory()) {
    RONDO_ASSIGN_OR_RETURN(buffer.staging_, device.allocateStaging(bytes));
    host = buffer.staging_->bytes().data();
  }
  buffer.host_ = {host, bytes};
  return absl::StatusOr<IoBuffer>(std::move(buffer));
}

absl::Status IoBuffer::copyToDevice() {
  return staging_ ? device_->upload(*memory_, 0, host_) : absl::OkStatus();
}

absl::Status IoBuffer::copyFromDevice() {
  return staging_ ? device_->download(host_, *memory_, 0) : absl::OkStatus();
}

} // namespace rondo::rt
