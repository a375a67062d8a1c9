// What the executor needs from a machine that runs kernels: memory, code, command lists. The CPU is one
// device; a GPU is another implementation of the same three classes.
#pragma once

#include "runtime/package/Package.h"
#include "runtime/status/Status.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rondo::rt {

// A block of device memory, aligned to RONDO_BUFFER_ALIGNMENT. Freed when it goes away; its address never
// changes.
class DeviceMemory {
public:
  virtual ~DeviceMemory() = default;

  virtual void *address() const = 0; // as kernels see it
  virtual uint64_t size() const = 0;
  // The same bytes for the host, or null where the host cannot reach them.
  virtual uint8_t *hostAddress() const = 0;
};

// Host memory that a device with memory of its own copies from and to by itself. Zeroed at first, aligned to
// RONDO_BUFFER_ALIGNMENT, freed when it goes away.
class StagingMemory {
public:
  virtual ~StagingMemory() = default;
  virtual absl::Span<uint8_t> bytes() = 0;
};

// A whole block of device memory and its staging memory, of as many bytes.
struct Transfer {
  DeviceMemory *device;
  StagingMemory *host;
};

// Device addresses of everything that an entry's commands can be bound to, one per index of its space. They
// stay valid as long as the command list that is recorded with them.
struct BoundBuffers {
  std::vector<void *> parameters;
  std::vector<void *> constants;
  std::vector<void *> states;    // pools; only those that the entry lists are looked at
  std::vector<void *> optimizer; // optimiser states; empty where the package has none
  std::vector<void *> inputs;
  std::vector<void *> outputs;
  void *arena = nullptr;
  // Copies to the device that a run begins with, and to the host that it ends with; none where kernels work
  // in the host's memory.
  std::vector<Transfer> uploads, downloads;
};

// What a kernel argument of the entry points to.
void *boundAddress(const format::Entry &entry, const BoundBuffers &buffers, const format::Binding &binding);

// Nanoseconds that each command of a list took.
using CommandTimes = absl::Span<uint64_t>;

// An entry point's commands with their addresses bound, ready to run any number of times. Used by one thread
// at a time.
class CommandList {
public:
  virtual ~CommandList() = default;

  // Runs the uploads, all commands and the downloads in order and returns when they are done. Allocates
  // nothing. With `times` (empty, or one per command) it measures each command, which on some devices costs
  // time.
  virtual absl::Status run(CommandTimes times = {}) = 0;

  // For tools that look at values: runs one command alone, without uploads and downloads, and copies what its
  // argument points to now. The target must not be larger than the kernel's argument.
  virtual absl::Status runCommand(size_t command) = 0;
  virtual absl::Status readArgument(size_t command, size_t argument, absl::Span<uint8_t> target) const = 0;
};

// A package's machine code, loaded. Must outlive the command lists recorded from it.
class DeviceCode {
public:
  virtual ~DeviceCode() = default;

  virtual absl::StatusOr<std::unique_ptr<CommandList>> record(const format::Entry &entry,
                                                              const BoundBuffers &buffers) = 0;
};

// A machine. Must outlive its memory and code. Methods may be called from one thread at a time.
class Device {
public:
  virtual ~Device() = default;

  virtual std::string name() const = 0; // "cpu, 2 threads"
  // Whether kernels work in the host's memory: then addresses of host and device are the same.
  virtual bool sharesMemory() const { return true; }

  // Bytes that can still be allocated, where the device has memory of its own.
  virtual std::optional<uint64_t> freeBytes() { return std::nullopt; }

  // Zeroed memory, or RND4002.
  virtual absl::StatusOr<std::unique_ptr<DeviceMemory>> allocate(uint64_t bytes) = 0;
  // For devices with memory of their own. RND4002 if there is too little.
  virtual absl::StatusOr<std::unique_ptr<StagingMemory>> allocateStaging(uint64_t bytes) {
    (void)bytes;
    return makeError(ErrorId::Internal, "the host reaches this device's memory");
  }
  // Copies between host and device; the range must lie in the memory. Returns when the copy is done.
  virtual absl::Status upload(DeviceMemory &target, uint64_t offset, absl::Span<const uint8_t> source) = 0;
  virtual absl::Status download(absl::Span<uint8_t> target, const DeviceMemory &source, uint64_t offset) = 0;

  // Within the device, in order with its other work. The ranges lie in the memory; those of a copy do not
  // overlap. For devices with memory of their own: the host does it elsewhere.
  virtual absl::Status clear(DeviceMemory &memory, uint64_t offset, uint64_t bytes) {
    (void)memory, (void)offset, (void)bytes;
    return makeError(ErrorId::Internal, "the host clears this device's memory");
  }
  virtual absl::Status copy(DeviceMemory &target, uint64_t targetOffset, const DeviceMemory &source,
                            uint64_t sourceOffset, uint64_t bytes) {
    (void)target, (void)targetOffset, (void)source, (void)sourceOffset, (void)bytes;
    return makeError(ErrorId::Internal, "the host copies this device's memory");
  }

  // RND4001 if the machine lacks what the code needs. The package may go away afterwards.
  virtual absl::StatusOr<std::unique_ptr<DeviceCode>> load(const Package &package) = 0;
};

} // namespace rondo::rt
