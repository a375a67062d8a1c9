// Binds an entry point's commands to its buffers.
#include "runtime/exec/Executor.h"

#include "absl/strings/str_cat.h"

namespace rondo::rt {

absl::StatusOr<std::unique_ptr<Executor>>
Executor::create(Device &device, DeviceCode &code, const format::Entry &entry, const BoundBuffers &shared) {
  std::unique_ptr<Executor> executor(new Executor);
  executor->entry_ = &entry;
  RONDO_ASSIGN_OR_RETURN(executor->inputs_, Inputs::create(device, entry));
  BoundBuffers buffers = shared;
  for (const IoBuffer &input : executor->inputs_.buffers()) {
    buffers.inputs.push_back(input.deviceAddress());
    if (std::optional<Transfer> transfer = input.transfer())
      buffers.uploads.push_back(*transfer);
  }
  for (const format::IoTensor *description : *entry.outputs()) {
    RONDO_ASSIGN_OR_RETURN(IoBuffer output, IoBuffer::create(device, *description));
    buffers.outputs.push_back(output.deviceAddress());
    if (std::optional<Transfer> transfer = output.transfer())
      buffers.downloads.push_back(*transfer);
    executor->outputs_.push_back(std::move(output));
  }
  RONDO_ASSIGN_OR_RETURN(executor->arena_, device.allocate(entry.arena_bytes()));
  buffers.arena = executor->arena_->address();
  RONDO_ASSIGN_OR_RETURN(executor->commands_, code.record(entry, buffers));
  return absl::StatusOr<std::unique_ptr<Executor>>(std::move(executor));
}

absl::Status Executor::execute(CommandTimes times) { return commands_->run(times); }

absl::Status Executor::fetchOutputs() {
  for (IoBuffer &output : outputs_)
    RONDO_RETURN_IF_ERROR(output.copyFromDevice());
  return absl::OkStatus();
}

absl::StatusOr<TensorView> Executor::output(std::string_view name) const {
  for (size_t i = 0; i < outputs_.size(); ++i)
    if (outputs_[i].description().name()->string_view() == name)
      return output(i);
  return makeError(ErrorId::InputUnknown, absl::StrCat("expected an output of entry '", entry_->name()->str(),
                                                       "', found '", std::string(name), "'"));
}

TensorView Executor::output(size_t index) const {
  const IoBuffer &buffer = outputs_[index];
  return {buffer.description().dtype(), shapeOf(buffer.description()), buffer.host()};
}

} // namespace rondo::rt
