// Where the arguments of commands lie.
#include "runtime/device/Device.h"

namespace rondo::rt {

void *boundAddress(const format::Entry &entry, const BoundBuffers &buffers, const format::Binding &binding) {
  switch (binding.space()) {
  case format::Space::Parameter:
    return buffers.parameters[binding.index()];
  case format::Space::Constant:
    return buffers.constants[binding.index()];
  case format::Space::State:
    return buffers.states[binding.index()];
  case format::Space::Optimizer:
    return buffers.optimizer[binding.index()];
  case format::Space::Input:
    return buffers.inputs[binding.index()];
  case format::Space::Output:
    return buffers.outputs[binding.index()];
  case format::Space::Arena:
    return static_cast<uint8_t *>(buffers.arena) + entry.slices()->Get(binding.index())->offset();
  }
  return nullptr;
}

} // namespace rondo::rt
