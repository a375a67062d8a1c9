// An entry's copies and commands as one graph that the GPU walks by itself.
#pragma once

#include "runtime/device/cuda/CudaCode.h"

namespace rondo::rt::cuda {

class CudaCommands final : public CommandList {
public:
  CudaCommands(const Machine &machine, std::vector<Transfer> uploads, std::vector<Transfer> downloads)
      : machine_(machine), uploads_(std::move(uploads)), downloads_(std::move(downloads)) {}
  ~CudaCommands() override;

  // `arguments` are the addresses of the kernel's arguments, `parameters` what its entry takes: up to eight
  // bytes each, scratch included.
  void add(const LoadedKernel &kernel, uint64_t workgroups, std::vector<Pointer> arguments,
           std::vector<uint64_t> parameters);
  // Makes the graph of what was added; nothing may be added afterwards.
  absl::Status record();

  absl::Status run(CommandTimes times) override;
  absl::Status runCommand(size_t command) override;
  absl::Status readArgument(size_t command, size_t argument, absl::Span<uint8_t> target) const override;

private:
  struct Launch {
    const LoadedKernel *kernel;
    unsigned grid[3];
    std::vector<Pointer> arguments; // for those who look at values
    std::vector<uint64_t> parameters;
    std::vector<void *> addresses; // of each parameter
  };
  absl::Status launch(Launch &launch);
  absl::Status upload();
  absl::Status download();
  absl::Status queueAll();
  absl::Status runTimed(CommandTimes times);

  const Machine &machine_;
  std::vector<Transfer> uploads_, downloads_;
  std::vector<Launch> launches_;
  GraphExec graph_ = nullptr;
  std::vector<Event>
      events_; // one before each command and one behind the last; made when times are asked for
};

} // namespace rondo::rt::cuda
