// A package's kernels on a GPU, and the command lists made of them.
#pragma once

#include "runtime/device/Device.h"
#include "runtime/device/cuda/Driver.h"

#include <vector>

namespace rondo::rt::cuda {

// What code and lists need to know of their device. Outlives both.
struct Machine {
  std::shared_ptr<Driver> driver;
  Context context = nullptr;
  Stream stream = nullptr; // all work, one thing after the other
  int major = 0, minor = 0;
  int multiprocessors = 0;
  int sharedPerBlock = 0;

  // To be called before anything else: contexts belong to threads.
  absl::Status enter() const;
  // Waits for the stream.
  absl::Status wait(std::string_view what) const;
};

// A kernel, loaded.
struct LoadedKernel {
  std::string name, entry;
  Module module = nullptr;
  Function function = nullptr;
  unsigned threads = 0;
  unsigned sharedBytes = 0;
  uint64_t scratchBytes = 0;  // of a block
  uint64_t mostBlocks = 0;    // with scratch of their own; only counted where there is scratch
  std::vector<unsigned> grid; // of a kernel from elsewhere, else empty
  std::vector<format::KernelParameter> parameters;
};

// Owns the modules, and the scratch of as many blocks as the neediest kernel runs at once.
class CudaCode final : public DeviceCode {
public:
  explicit CudaCode(const Machine &machine) : machine_(machine) {}
  ~CudaCode() override;

  // RND4001 if the GPU cannot run the package's code; the message holds what the driver's compiler says.
  absl::Status load(const format::Package &package);
  absl::StatusOr<std::unique_ptr<CommandList>> record(const format::Entry &entry,
                                                      const BoundBuffers &buffers) override;

private:
  absl::Status loadModule(const format::Kernel &kernel, bool isExact);
  absl::Status prepare(LoadedKernel &kernel);
  // What the kernel is launched with, given the addresses of its arguments.
  std::vector<uint64_t> parametersOf(const LoadedKernel &kernel, const std::vector<Pointer> &arguments) const;

  const Machine &machine_;
  std::vector<LoadedKernel> kernels_;
  Pointer scratch_ = 0;
};

} // namespace rondo::rt::cuda
