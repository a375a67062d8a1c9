// A model being run: its package, weights, states and device, and the executors of its entry points.
#pragma once

#include "runtime/device/Device.h"
#include "runtime/exec/DeviceMirror.h"
#include "runtime/exec/Executor.h"
#include "runtime/package/Package.h"
#include "runtime/parameters/OptimizerStore.h"
#include "runtime/parameters/ParameterStore.h"
#include "runtime/states/StatePool.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rondo::rt {

// Owns everything; not movable, since commands hold addresses. Used by one thread at a time; different
// sessions are independent.
class Session {
public:
  // Loads the package's code into `device` and allocates weights and states, all slots of which are empty
  // sequences. Executors come later, each on its first use.
  static absl::StatusOr<std::unique_ptr<Session>> create(Package package, std::unique_ptr<Device> device);

  const Package &package() const { return package_; }
  Device &device() { return *device_; }
  // Fill it before the first run; run() refuses with RND4007 otherwise.
  ParameterStore &parameters() { return *parameters_; }
  // Empty unless the package trains. Entries of kind accumulate, update and train change it and the
  // parameters.
  OptimizerStore &optimizer() { return *optimizer_; }
  // Slots 0 to slots() - 1 serve all entry points; those of an entry may be fewer.
  StatePool &states() { return *states_; }

  // Most positions that a sequence can have in a slot of the entry's states; nothing if any number.
  std::optional<uint64_t> capacity(const format::Entry &entry) const;

  // The executor of an entry of this package. RND4002 if its buffers do not fit in memory.
  absl::StatusOr<Executor *> executor(const format::Entry &entry);

  // Checks the inputs, runs, and advances the slots that take part. RND4009, and nothing changed, where a
  // slot's sequence would outgrow a state. A run that fails after it has begun leaves those slots poisoned,
  // and one of a training entry the optimiser store too (RND4006). Allocates nothing when all is well.
  absl::Status run(Executor &executor, CommandTimes times = {});

  // Like run(), but stops behind each command for `after`, which may look at what it has written
  // (executor.commands()) and ends the run by returning false. The slots that take part stay poisoned then.
  absl::Status runStepwise(Executor &executor, const std::function<bool(size_t command)> &after);

private:
  explicit Session(Package package, std::unique_ptr<Device> device)
      : package_(std::move(package)), device_(std::move(device)) {}
  absl::Status beginRun(Executor &executor);
  absl::Status checkCapacity(Executor &executor) const;
  void endRun(Executor &executor);
  absl::Status checkMemory() const;
  absl::Status updateMirrors(const format::Entry &entry);
  absl::Status mirror(StorageBlock &block, std::unique_ptr<DeviceMirror> &copy,
                      std::vector<void *> &addresses);
  absl::Status allocateParameters();
  absl::Status allocateOptimizer();
  absl::Status allocateConstants();
  absl::Status allocateStates();

  Package package_;
  std::unique_ptr<Device> device_;
  std::unique_ptr<DeviceCode> code_;
  std::optional<ParameterStore> parameters_;
  std::optional<OptimizerStore> optimizer_;
  std::optional<StatePool> states_;
  std::unique_ptr<DeviceMemory> constants_;
  std::vector<AlignedBuffer> pools_; // per state
  // What a device with memory of its own has of the host's; null otherwise.
  std::unique_ptr<DeviceMirror> parameterMirror_, optimizerMirror_, stateMirror_;
  BoundBuffers shared_;
  std::vector<std::unique_ptr<Executor>> executors_; // per entry of the package; null until used
};

// What running a package takes, exactly, before anything is allocated.
struct EntryMemory {
  const format::Entry *entry;
  uint64_t tensorBytes; // inputs and outputs
  uint64_t arenaBytes;
};
struct MemoryNeeds {
  uint64_t weightBytes = 0;
  uint64_t gradientBytes = 0; // accumulated over micro-batches, and their loss weights
  uint64_t momentBytes = 0;
  uint64_t stateBytes = 0; // of all slots
  uint64_t slots = 0;
  uint64_t constantBytes = 0;
  uint64_t codeBytes = 0;
  uint64_t scratchBytes = 0; // per thread
  std::vector<EntryMemory> entries;
};
MemoryNeeds memoryNeeds(const Package &package);

} // namespace rondo::rt
