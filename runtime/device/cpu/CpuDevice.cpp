// Memory, code and command lists of the CPU device.
#include "runtime/device/cpu/CpuDevice.h"

#include "absl/strings/str_cat.h"
#include "runtime/device/cpu/CpuFeatures.h"
#include "runtime/device/cpu/ImageLoader.h"
#include "runtime/device/cpu/ThreadPool.h"
#include "runtime/memory/AlignedBuffer.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace rondo::rt {
namespace {

class CpuMemory final : public DeviceMemory {
public:
  explicit CpuMemory(AlignedBuffer buffer) : buffer_(std::move(buffer)), data_(buffer_.data()) {}
  void *address() const override { return data_; }
  uint64_t size() const override { return buffer_.size(); }
  uint8_t *hostAddress() const override { return data_; }

private:
  AlignedBuffer buffer_;
  uint8_t *data_;
};

// A command with everything looked up: what is left at run time is a call per worker.
struct BoundCommand {
  rondo_kernel_fn kernel;
  void *const *buffers;
  int64_t workgroups;
  unsigned workers;
};

// A worker must be worth waking: handing over a share takes microseconds, and a whole time slice where other
// programs keep the processors busy. A core does about this many operations, or moves that many bytes, in 20
// microseconds.
constexpr uint64_t kWorkPerWorker = 1 << 19;

// Results do not depend on it: workgroups are independent.
unsigned usefulWorkers(const format::Command &command, unsigned workers) {
  uint64_t shares = std::max(command.flops(), command.bytes()) / kWorkPerWorker;
  return static_cast<unsigned>(std::clamp<uint64_t>(shares, 1, workers));
}

// What the workers of one command share.
struct Dispatch {
  const BoundCommand *command;
  const AlignedBuffer *scratch; // one per worker
};

// The image's functions carry no type tags, so that the sanitizer's check of indirect calls would read
// outside of them.
__attribute__((no_sanitize("function"))) void runWorkgroups(void *context, unsigned worker, int64_t begin,
                                                            int64_t end) {
  const auto &dispatch = *static_cast<const Dispatch *>(context);
  // Scratch starts out unwritten each time by contract; kernels own it while they run.
  auto *scratch = const_cast<uint8_t *>(dispatch.scratch[worker].data());
  dispatch.command->kernel(dispatch.command->buffers, scratch, begin, end);
}

class CpuCommandList final : public CommandList {
public:
  CpuCommandList(ThreadPool &pool, const std::vector<AlignedBuffer> &scratch)
      : pool_(pool), scratch_(scratch) {}

  void reserve(size_t commands, size_t arguments) {
    commands_.reserve(commands);
    pointers_.reserve(arguments); // never grows afterwards: commands point into it
  }
  void beginCommand(rondo_kernel_fn kernel, const format::Command &command) {
    commands_.push_back({kernel, pointers_.data() + pointers_.size(),
                         static_cast<int64_t>(command.workgroups()), usefulWorkers(command, pool_.size())});
  }
  void addArgument(void *pointer) { pointers_.push_back(pointer); }

  absl::Status run(CommandTimes times) override {
    using Clock = std::chrono::steady_clock;
    for (size_t i = 0; i < commands_.size(); ++i) {
      Clock::time_point start = times.empty() ? Clock::time_point() : Clock::now();
      dispatch(commands_[i]);
      if (!times.empty())
        times[i] = static_cast<uint64_t>(std::chrono::nanoseconds(Clock::now() - start).count());
    }
    return absl::OkStatus();
  }

  absl::Status runCommand(size_t command) override {
    dispatch(commands_[command]);
    return absl::OkStatus();
  }

  absl::Status readArgument(size_t command, size_t argument, absl::Span<uint8_t> target) const override {
    if (!target.empty())
      std::memcpy(target.data(), commands_[command].buffers[argument], target.size());
    return absl::OkStatus();
  }

private:
  void dispatch(const BoundCommand &command) {
    Dispatch shared = {&command, scratch_.data()};
    pool_.run(command.workgroups, command.workers, runWorkgroups, &shared);
  }

  ThreadPool &pool_;
  const std::vector<AlignedBuffer> &scratch_;
  std::vector<BoundCommand> commands_;
  std::vector<void *> pointers_;
};

class CpuCode final : public DeviceCode {
public:
  CpuCode(ThreadPool &pool, LoadedImage image) : pool_(pool), image_(std::move(image)) {}

  absl::Status prepare(const format::Package &package) {
    uint64_t scratch = 0;
    for (const format::Kernel *kernel : *package.kernels()) {
      kernels_.push_back(image_.kernel(kernel->address()));
      scratch = std::max(scratch, kernel->scratch_bytes());
    }
    for (unsigned i = 0; i < pool_.size(); ++i) {
      RONDO_ASSIGN_OR_RETURN(AlignedBuffer buffer, AlignedBuffer::allocate(scratch));
      scratch_.push_back(std::move(buffer));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<CommandList>> record(const format::Entry &entry,
                                                      const BoundBuffers &buffers) override {
    auto list = std::make_unique<CpuCommandList>(pool_, scratch_);
    size_t arguments = 0;
    for (const format::Command *command : *entry.commands())
      arguments += command->bindings()->size();
    list->reserve(entry.commands()->size(), arguments);
    for (const format::Command *command : *entry.commands()) {
      list->beginCommand(kernels_[command->kernel()], *command);
      for (const format::Binding *binding : *command->bindings())
        list->addArgument(boundAddress(entry, buffers, *binding));
    }
    return absl::StatusOr<std::unique_ptr<CommandList>>(std::move(list));
  }

private:
  ThreadPool &pool_;
  LoadedImage image_;
  std::vector<rondo_kernel_fn> kernels_;
  std::vector<AlignedBuffer> scratch_;
};

class CpuDevice final : public Device {
public:
  explicit CpuDevice(unsigned threads) : pool_(threads) {}

  std::string name() const override {
    return absl::StrCat("cpu, ", pool_.size(), pool_.size() == 1 ? " thread" : " threads");
  }

  absl::StatusOr<std::unique_ptr<DeviceMemory>> allocate(uint64_t bytes) override {
    RONDO_ASSIGN_OR_RETURN(AlignedBuffer buffer, AlignedBuffer::allocateZeroed(bytes));
    return absl::StatusOr<std::unique_ptr<DeviceMemory>>(std::make_unique<CpuMemory>(std::move(buffer)));
  }

  absl::Status upload(DeviceMemory &target, uint64_t offset, absl::Span<const uint8_t> source) override {
    if (!source.empty())
      std::memcpy(target.hostAddress() + offset, source.data(), source.size());
    return absl::OkStatus();
  }

  absl::Status download(absl::Span<uint8_t> target, const DeviceMemory &source, uint64_t offset) override {
    if (!target.empty())
      std::memcpy(target.data(), source.hostAddress() + offset, target.size());
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<DeviceCode>> load(const Package &package) override {
    std::string cpuinfo = readCpuInfo();
    RONDO_RETURN_IF_ERROR(withPlace(checkCpuFeatures(package.root(), cpuFlags(cpuinfo)), {package.path()}));
    RONDO_ASSIGN_OR_RETURN(LoadedImage image, LoadedImage::load(*package.root().image()));
    auto code = std::make_unique<CpuCode>(pool_, std::move(image));
    RONDO_RETURN_IF_ERROR(code->prepare(package.root()));
    return absl::StatusOr<std::unique_ptr<DeviceCode>>(std::move(code));
  }

private:
  ThreadPool pool_;
};

} // namespace

std::unique_ptr<Device> createCpuDevice(unsigned threads) {
  return std::make_unique<CpuDevice>(threads == 0 ? availableProcessors() : threads);
}

} // namespace rondo::rt
