// Allocation of what entry points share, and the guard of states around a run.
#include "runtime/exec/Session.h"

#include "absl/strings/str_cat.h"
#include "runtime/files/CheckedMath.h"

#include <algorithm>

namespace rondo::rt {
namespace {

std::vector<uint64_t> listOf(const flatbuffers::Vector<uint64_t> &shape) {
  return {shape.begin(), shape.end()};
}

ParameterInfo infoOf(const format::Parameter &parameter) {
  ParameterInfo info;
  info.name = parameter.name()->str();
  for (const flatbuffers::String *alias : *parameter.aliases())
    info.aliases.push_back(alias->str());
  info.shape = listOf(*parameter.shape());
  info.dtype = parameter.dtype();
  info.layout = parameter.layout();
  info.panel = parameter.panel();
  info.storageBytes = parameter.storage_bytes();
  info.group = parameter.group();
  info.initKind = parameter.init();
  info.initValue = parameter.init_value();
  return info;
}

// Of an optimiser state: a parameter's storage under another name, or a scalar.
OptimizerStateInfo infoOf(const format::OptimizerState &state, const format::Package &package) {
  OptimizerStateInfo info;
  if (state.role() != format::OptimizerRole::LossWeight)
    info.tensor = infoOf(*package.parameters()->Get(state.parameter()));
  info.tensor.name = state.name()->str();
  info.tensor.aliases.clear();
  info.tensor.storageBytes = state.storage_bytes();
  info.role = state.role();
  info.parameter = state.parameter();
  return info;
}

// Whether a run of the entry changes parameters or optimiser states.
bool trains(const format::Entry &entry) {
  return entry.kind() == format::EntryKind::Accumulate || entry.kind() == format::EntryKind::Update ||
         entry.kind() == format::EntryKind::Train;
}

// Pools have the slots of the entry that has most.
uint64_t slotsOf(const format::Package &package) {
  uint64_t slots = 0;
  for (const format::Entry *entry : *package.entries())
    if (entry->states()->size() != 0)
      slots = std::max(slots, entry->slots());
  return slots;
}

// How many tokens row `b` of a call advances its sequence by.
int64_t advanceOf(Executor &executor, size_t row) {
  for (const IoBuffer &input : executor.inputs().buffers())
    if (input.description().absent() == format::Absent::FullLength)
      return input.elements<int32_t>()[row];
  return static_cast<int64_t>(executor.entry().time());
}

} // namespace

absl::StatusOr<std::unique_ptr<Session>> Session::create(Package package, std::unique_ptr<Device> device) {
  std::unique_ptr<Session> session(new Session(std::move(package), std::move(device)));
  RONDO_RETURN_IF_ERROR(session->checkMemory());
  RONDO_ASSIGN_OR_RETURN(session->code_, session->device_->load(session->package_));
  RONDO_RETURN_IF_ERROR(session->allocateParameters());
  RONDO_RETURN_IF_ERROR(session->allocateOptimizer());
  RONDO_RETURN_IF_ERROR(session->allocateConstants());
  RONDO_RETURN_IF_ERROR(session->allocateStates());
  session->executors_.resize(session->package_.root().entries()->size());
  return absl::StatusOr<std::unique_ptr<Session>>(std::move(session));
}

// All that running any one entry point takes, compared with what the device has before anything is allocated.
absl::Status Session::checkMemory() const {
  std::optional<uint64_t> free = device_->freeBytes();
  if (!free)
    return absl::OkStatus();
  MemoryNeeds needs = memoryNeeds(package_);
  uint64_t entry = 0;
  for (const EntryMemory &each : needs.entries)
    entry = std::max(entry, each.tensorBytes + each.arenaBytes);
  uint64_t all = needs.weightBytes + needs.gradientBytes + needs.momentBytes + needs.stateBytes +
                 needs.constantBytes + entry;
  if (all <= *free)
    return absl::OkStatus();
  return makeError(ErrorId::OutOfMemory, absl::StrCat("expected ", all, " bytes of free memory on ",
                                                      device_->name(), ", found ", *free));
}

absl::Status Session::allocateParameters() {
  std::vector<ParameterInfo> infos;
  for (const format::Parameter *parameter : *package_.root().parameters())
    infos.push_back(infoOf(*parameter));
  RONDO_ASSIGN_OR_RETURN(parameters_, ParameterStore::create(std::move(infos)));
  for (size_t i = 0; i < parameters_->size(); ++i)
    shared_.parameters.push_back(parameters_->storage(i).data());
  return mirror(parameters_->block(), parameterMirror_, shared_.parameters);
}

// Gives the block a copy on a device of its own memory, and the tensors their addresses there.
absl::Status Session::mirror(StorageBlock &block, std::unique_ptr<DeviceMirror> &copy,
                             std::vector<void *> &addresses) {
  if (device_->sharesMemory() || addresses.empty())
    return absl::OkStatus();
  RONDO_ASSIGN_OR_RETURN(copy, DeviceMirror::create(*device_, {block.bytes()}));
  for (void *&address : addresses) {
    auto offset = static_cast<uint8_t *>(address) - block.bytes().data();
    address = static_cast<uint8_t *>(copy->address(0)) + offset;
  }
  block.setMirror(copy.get());
  return absl::OkStatus();
}

absl::Status Session::allocateOptimizer() {
  std::vector<OptimizerStateInfo> infos;
  if (const auto *states = package_.root().optimizer_states())
    for (const format::OptimizerState *state : *states)
      infos.push_back(infoOf(*state, package_.root()));
  RONDO_ASSIGN_OR_RETURN(optimizer_, OptimizerStore::create(std::move(infos)));
  for (size_t i = 0; i < optimizer_->size(); ++i)
    shared_.optimizer.push_back(optimizer_->storage(i).data());
  return mirror(optimizer_->block(), optimizerMirror_, shared_.optimizer);
}

absl::Status Session::allocateConstants() {
  const flatbuffers::Vector<uint8_t> &bytes = *package_.root().constants();
  RONDO_ASSIGN_OR_RETURN(constants_, device_->allocate(bytes.size()));
  RONDO_RETURN_IF_ERROR(device_->upload(*constants_, 0, {bytes.data(), bytes.size()}));
  for (const format::ConstantRange *range : *package_.root().constant_ranges())
    shared_.constants.push_back(static_cast<uint8_t *>(constants_->address()) + range->offset());
  return absl::OkStatus();
}

absl::Status Session::allocateStates() {
  uint64_t slots = slotsOf(package_.root());
  std::vector<StateInfo> infos;
  std::vector<absl::Span<uint8_t>> memory;
  for (const format::State *state : *package_.root().states()) {
    infos.push_back({state->name()->str(), state->dtype(), listOf(*state->shape()), state->slot_bytes()});
    std::optional<uint64_t> bytes = checkedMul(slots, state->slot_bytes());
    if (!bytes)
      return makeError(ErrorId::OutOfMemory, "the size of all states overflows");
    RONDO_ASSIGN_OR_RETURN(AlignedBuffer pool, AlignedBuffer::allocateZeroed(*bytes));
    memory.push_back({pool.data(), *bytes});
    shared_.states.push_back(pool.data());
    pools_.push_back(std::move(pool));
  }
  RONDO_ASSIGN_OR_RETURN(states_, StatePool::create(std::move(infos), slots, memory));
  if (device_->sharesMemory() || memory.empty())
    return absl::OkStatus();
  RONDO_ASSIGN_OR_RETURN(stateMirror_, DeviceMirror::create(*device_, memory));
  for (size_t i = 0; i < memory.size(); ++i)
    shared_.states[i] = stateMirror_->address(i);
  states_->setMirror(stateMirror_.get());
  return absl::OkStatus();
}

absl::StatusOr<Executor *> Session::executor(const format::Entry &entry) {
  for (uint32_t i = 0; i < executors_.size(); ++i) {
    if (package_.root().entries()->Get(i) != &entry)
      continue;
    if (!executors_[i]) {
      RONDO_ASSIGN_OR_RETURN(executors_[i], Executor::create(*device_, *code_, entry, shared_));
    }
    return executors_[i].get();
  }
  return makeError(ErrorId::Internal, "expected an entry of the session's package, found another");
}

namespace {

// The pool slots of the rows of a call; none without states.
absl::Span<const int32_t> slotsOf(Executor &executor) {
  return executor.entry().states()->size() != 0 ? executor.inputs().slots() : absl::Span<const int32_t>();
}

} // namespace

std::optional<uint64_t> Session::capacity(const format::Entry &entry) const {
  std::optional<uint64_t> least;
  for (uint32_t index : *entry.states())
    if (const format::State &state = *package_.root().states()->Get(index);
        state.kind() == format::StateKind::Growing)
      least = std::min(least.value_or(UINT64_MAX), state.shape()->Get(1));
  return least;
}

absl::Status Session::checkCapacity(Executor &executor) const {
  std::optional<uint64_t> most = capacity(executor.entry());
  absl::Span<const int32_t> slots = slotsOf(executor);
  for (size_t row = 0; most && row < slots.size(); ++row) {
    int64_t end = states_->position(slots[row]) + advanceOf(executor, row);
    if (static_cast<uint64_t>(end) > *most)
      return makeError(ErrorId::StateFull, absl::StrCat("expected at most ", *most, " positions in slot ",
                                                        slots[row], ", found ", end));
  }
  return absl::OkStatus();
}

// Before a run: the device's copies are brought up to date; those that it may change are the newer ones from
// here on.
absl::Status Session::updateMirrors(const format::Entry &entry) {
  for (DeviceMirror *mirror : {parameterMirror_.get(), optimizerMirror_.get(), stateMirror_.get()})
    if (mirror)
      RONDO_RETURN_IF_ERROR(mirror->toDevice());
  if (stateMirror_ && entry.states()->size() != 0)
    stateMirror_->deviceChanged();
  for (DeviceMirror *mirror : {parameterMirror_.get(), optimizerMirror_.get()})
    if (mirror && trains(entry))
      mirror->deviceChanged();
  return absl::OkStatus();
}

// Checks everything; from here on the states are undefined until endRun().
absl::Status Session::beginRun(Executor &executor) {
  if (parameters_->size() != 0 && !parameters_->isFilled())
    return makeError(ErrorId::WeightsNeeded, "expected weights, found none");
  if (optimizer_->isPoisoned())
    return makeError(ErrorId::StatePoisoned,
                     "the parameters and the optimiser's states were being written when a call failed");
  RONDO_RETURN_IF_ERROR(executor.inputs().prepare());
  for (int32_t slot : slotsOf(executor))
    RONDO_RETURN_IF_ERROR(states_->checkUsable(slot));
  RONDO_RETURN_IF_ERROR(checkCapacity(executor));
  RONDO_RETURN_IF_ERROR(updateMirrors(executor.entry()));
  for (int32_t slot : slotsOf(executor))
    states_->poison(slot);
  if (trains(executor.entry()))
    optimizer_->poison();
  return absl::OkStatus();
}

void Session::endRun(Executor &executor) {
  if (trains(executor.entry()))
    optimizer_->heal();
  absl::Span<const int32_t> slots = slotsOf(executor);
  for (size_t row = 0; row < slots.size(); ++row) {
    states_->heal(slots[row]);
    states_->setPosition(slots[row], states_->position(slots[row]) + advanceOf(executor, row));
  }
}

absl::Status Session::run(Executor &executor, CommandTimes times) {
  RONDO_RETURN_IF_ERROR(beginRun(executor));
  RONDO_RETURN_IF_ERROR(executor.execute(times));
  endRun(executor);
  return absl::OkStatus();
}

absl::Status Session::runStepwise(Executor &executor, const std::function<bool(size_t command)> &after) {
  RONDO_RETURN_IF_ERROR(beginRun(executor));
  RONDO_RETURN_IF_ERROR(executor.sendInputs());
  for (size_t command = 0; command < executor.entry().commands()->size(); ++command) {
    RONDO_RETURN_IF_ERROR(executor.commands().runCommand(command));
    if (!after(command))
      return absl::OkStatus();
  }
  RONDO_RETURN_IF_ERROR(executor.fetchOutputs());
  endRun(executor);
  return absl::OkStatus();
}

MemoryNeeds memoryNeeds(const Package &package) {
  const format::Package &root = package.root();
  MemoryNeeds needs;
  for (const format::Parameter *parameter : *root.parameters())
    needs.weightBytes += parameter->storage_bytes();
  if (root.optimizer_states())
    for (const format::OptimizerState *state : *root.optimizer_states()) {
      bool moment = state->role() == format::OptimizerRole::FirstMoment ||
                    state->role() == format::OptimizerRole::SecondMoment;
      (moment ? needs.momentBytes : needs.gradientBytes) += state->storage_bytes();
    }
  needs.slots = slotsOf(root);
  for (const format::State *state : *root.states())
    needs.stateBytes += state->slot_bytes() * needs.slots;
  needs.constantBytes = root.constants()->size();
  needs.codeBytes = root.image()->memory_bytes();
  for (const format::Kernel *kernel : *root.kernels())
    needs.scratchBytes = std::max(needs.scratchBytes, kernel->scratch_bytes());
  for (const format::Entry *entry : *root.entries()) {
    uint64_t bytes = 0;
    for (const format::IoTensor *input : *entry->inputs())
      bytes += tensorBytes(*input);
    for (const format::IoTensor *output : *entry->outputs())
      bytes += tensorBytes(*output);
    needs.entries.push_back({entry, bytes, entry->arena_bytes()});
  }
  return needs;
}

} // namespace rondo::rt
