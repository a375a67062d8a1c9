// One entry point, ready to run: its buffers, its command list, nothing left to allocate.
#pragma once

#include "runtime/device/Device.h"
#include "runtime/exec/Inputs.h"
#include "runtime/exec/IoBuffer.h"

#include <memory>

namespace rondo::rt {

// Made and run by a Session, which guards the states; callers set inputs and read outputs. One thread at a
// time.
class Executor {
public:
  // `shared` holds the addresses of parameters, constants and state pools; inputs, outputs and arena are
  // added here.
  static absl::StatusOr<std::unique_ptr<Executor>>
  create(Device &device, DeviceCode &code, const format::Entry &entry, const BoundBuffers &shared);

  const format::Entry &entry() const { return *entry_; }
  Inputs &inputs() { return inputs_; }

  // Runs the commands on prepared inputs. Allocates nothing. `times`: see CommandList::run.
  absl::Status execute(CommandTimes times);

  // The commands one by one, for tools that look at values in between.
  CommandList &commands() { return *commands_; }
  // Brings inputs to the device and outputs to the host around them, as execute() does by itself.
  absl::Status sendInputs() { return inputs_.send(); }
  absl::Status fetchOutputs();

  // An output of the last run; valid until the next. RND2203 if there is none of this name.
  absl::StatusOr<TensorView> output(std::string_view name) const;
  TensorView output(size_t index) const;

private:
  Executor() = default;

  const format::Entry *entry_ = nullptr;
  Inputs inputs_;
  std::vector<IoBuffer> outputs_;
  std::unique_ptr<DeviceMemory> arena_;
  std::unique_ptr<CommandList> commands_;
};

} // namespace rondo::rt
