// Memory and code of one GPU.
#include "runtime/device/cuda/CudaDevice.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/device/cuda/CudaCode.h"

#include <cstring>

namespace rondo::rt {
namespace {

using namespace cuda;

class CudaMemory final : public DeviceMemory {
public:
  CudaMemory(const Machine &machine, uint64_t bytes) : machine_(machine), bytes_(bytes) {}
  ~CudaMemory() override {
    if (pointer_ && machine_.enter().ok())
      (*machine_.driver)->memoryFree(pointer_);
  }
  // Zeroed; no memory at all if there are no bytes.
  absl::Status allocate() {
    if (bytes_ == 0)
      return absl::OkStatus();
    Driver &driver = *machine_.driver;
    RONDO_RETURN_IF_ERROR(
        driver.check(driver->memoryAllocate(&pointer_, bytes_), absl::StrCat(bytes_, " bytes")));
    RONDO_RETURN_IF_ERROR(
        driver.check(driver->memorySet(pointer_, 0, bytes_, machine_.stream), "clearing memory"));
    return machine_.wait("clearing memory");
  }
  void *address() const override { return reinterpret_cast<void *>(pointer_); }
  uint64_t size() const override { return bytes_; }
  uint8_t *hostAddress() const override { return nullptr; }

private:
  const Machine &machine_;
  uint64_t bytes_;
  Pointer pointer_ = 0;
};

// Page-locked: the GPU reads and writes it by itself, also from within a recorded graph.
class CudaStaging final : public StagingMemory {
public:
  CudaStaging(const Machine &machine, uint64_t bytes) : machine_(machine), size_(bytes) {}
  ~CudaStaging() override {
    if (data_ && machine_.enter().ok())
      (*machine_.driver)->hostFree(data_);
  }
  absl::Status allocate() {
    if (size_ == 0)
      return absl::OkStatus();
    Driver &driver = *machine_.driver;
    RONDO_RETURN_IF_ERROR(driver.check(driver->hostAllocate(&data_, size_, /*flags=*/0),
                                       absl::StrCat(size_, " bytes that the GPU reaches on the host")));
    std::memset(data_, 0, size_);
    return absl::OkStatus();
  }
  absl::Span<uint8_t> bytes() override { return {static_cast<uint8_t *>(data_), size_}; }

private:
  const Machine &machine_;
  uint64_t size_;
  void *data_ = nullptr;
};

class CudaDevice final : public Device {
public:
  ~CudaDevice() override {
    if (!machine_.context)
      return;
    Driver &driver = *machine_.driver;
    if (machine_.stream && machine_.enter().ok())
      driver->streamDestroy(machine_.stream);
    driver->contextRelease(number_);
  }

  absl::Status open(int ordinal) {
    RONDO_ASSIGN_OR_RETURN(machine_.driver, Driver::open());
    Driver &driver = *machine_.driver;
    int count = 0;
    RONDO_RETURN_IF_ERROR(driver.check(driver->deviceCount(&count), "counting GPUs"));
    if (ordinal < 0 || ordinal >= count)
      return makeError(ErrorId::NoGpu,
                       absl::StrCat("expected one of ", count, " GPUs, found cuda:", ordinal));
    RONDO_RETURN_IF_ERROR(driver.check(driver->deviceGet(&number_, ordinal), "opening the GPU"));
    char name[256] = "";
    RONDO_RETURN_IF_ERROR(
        driver.check(driver->deviceName(name, sizeof(name), number_), "asking for the GPU's name"));
    name_ = name;
    const std::pair<int, int *> attributes[] = {{kMajor, &machine_.major},
                                                {kMinor, &machine_.minor},
                                                {kMultiprocessors, &machine_.multiprocessors},
                                                {kSharedPerBlock, &machine_.sharedPerBlock}};
    for (auto [attribute, value] : attributes)
      RONDO_RETURN_IF_ERROR(driver.check(driver->deviceAttribute(value, attribute, number_),
                                         "asking for the GPU's properties"));
    RONDO_RETURN_IF_ERROR(
        driver.check(driver->contextRetain(&machine_.context, number_), "making a context"));
    RONDO_RETURN_IF_ERROR(machine_.enter());
    return driver.check(driver->streamCreate(&machine_.stream, /*flags=*/1), "making a stream");
  }

  std::string describe() {
    size_t free = 0, total = 0;
    if (machine_.enter().ok())
      (*machine_.driver)->memoryInfo(&free, &total);
    return absl::StrFormat("%s, sm_%d%d, %.1f GB, %.1f GB free", name_, machine_.major, machine_.minor,
                           static_cast<double>(total) / 1e9, static_cast<double>(free) / 1e9);
  }

  std::string name() const override {
    return absl::StrCat("cuda, ", name_, ", sm_", machine_.major, machine_.minor);
  }

  bool sharesMemory() const override { return false; }

  std::optional<uint64_t> freeBytes() override {
    size_t free = 0, total = 0;
    if (!machine_.enter().ok() || (*machine_.driver)->memoryInfo(&free, &total) != kSuccess)
      return std::nullopt;
    return free;
  }

  absl::StatusOr<std::unique_ptr<DeviceMemory>> allocate(uint64_t bytes) override {
    RONDO_RETURN_IF_ERROR(machine_.enter());
    auto memory = std::make_unique<CudaMemory>(machine_, bytes);
    RONDO_RETURN_IF_ERROR(memory->allocate());
    return absl::StatusOr<std::unique_ptr<DeviceMemory>>(std::move(memory));
  }

  absl::StatusOr<std::unique_ptr<StagingMemory>> allocateStaging(uint64_t bytes) override {
    RONDO_RETURN_IF_ERROR(machine_.enter());
    auto memory = std::make_unique<CudaStaging>(machine_, bytes);
    RONDO_RETURN_IF_ERROR(memory->allocate());
    return absl::StatusOr<std::unique_ptr<StagingMemory>>(std::move(memory));
  }

  absl::Status upload(DeviceMemory &target, uint64_t offset, absl::Span<const uint8_t> source) override {
    RONDO_RETURN_IF_ERROR(machine_.enter());
    if (source.empty())
      return absl::OkStatus();
    Pointer to = reinterpret_cast<Pointer>(target.address()) + offset;
    RONDO_RETURN_IF_ERROR(machine_.driver->check(
        (*machine_.driver)->copyToDevice(to, source.data(), source.size(), machine_.stream),
        "copying to the GPU"));
    return machine_.wait("copying to the GPU");
  }

  absl::Status download(absl::Span<uint8_t> target, const DeviceMemory &source, uint64_t offset) override {
    RONDO_RETURN_IF_ERROR(machine_.enter());
    if (target.empty())
      return absl::OkStatus();
    Pointer from = reinterpret_cast<Pointer>(source.address()) + offset;
    RONDO_RETURN_IF_ERROR(machine_.driver->check(
        (*machine_.driver)->copyToHost(target.data(), from, target.size(), machine_.stream),
        "copying from the GPU"));
    return machine_.wait("copying from the GPU");
  }

  // Nobody waits for these: what comes after stands behind them in the stream.
  absl::Status clear(DeviceMemory &memory, uint64_t offset, uint64_t bytes) override {
    RONDO_RETURN_IF_ERROR(machine_.enter());
    if (bytes == 0)
      return absl::OkStatus();
    Pointer at = reinterpret_cast<Pointer>(memory.address()) + offset;
    return machine_.driver->check((*machine_.driver)->memorySet(at, 0, bytes, machine_.stream),
                                  "clearing memory");
  }

  absl::Status copy(DeviceMemory &target, uint64_t targetOffset, const DeviceMemory &source,
                    uint64_t sourceOffset, uint64_t bytes) override {
    RONDO_RETURN_IF_ERROR(machine_.enter());
    if (bytes == 0)
      return absl::OkStatus();
    Pointer to = reinterpret_cast<Pointer>(target.address()) + targetOffset;
    Pointer from = reinterpret_cast<Pointer>(source.address()) + sourceOffset;
    return machine_.driver->check((*machine_.driver)->copyWithin(to, from, bytes, machine_.stream),
                                  "copying on the GPU");
  }

  absl::StatusOr<std::unique_ptr<DeviceCode>> load(const Package &package) override {
    auto code = std::make_unique<CudaCode>(machine_);
    RONDO_RETURN_IF_ERROR(withPlace(code->load(package.root()), {package.path()}));
    return absl::StatusOr<std::unique_ptr<DeviceCode>>(std::move(code));
  }

private:
  Machine machine_;
  DeviceNumber number_ = 0;
  std::string name_;
};

} // namespace

absl::StatusOr<std::unique_ptr<Device>> createCudaDevice(int ordinal) {
  auto device = std::make_unique<CudaDevice>();
  RONDO_RETURN_IF_ERROR(device->open(ordinal));
  return absl::StatusOr<std::unique_ptr<Device>>(std::move(device));
}

absl::StatusOr<std::vector<std::string>> listCudaDevices() {
  RONDO_ASSIGN_OR_RETURN(std::shared_ptr<Driver> driver, Driver::open());
  int count = 0;
  RONDO_RETURN_IF_ERROR(driver->check((*driver)->deviceCount(&count), "counting GPUs"));
  std::vector<std::string> lines;
  for (int ordinal = 0; ordinal < count; ++ordinal) {
    CudaDevice device;
    RONDO_RETURN_IF_ERROR(device.open(ordinal));
    lines.push_back(device.describe());
  }
  return lines;
}

} // namespace rondo::rt
