// Validates the memory plan of an entry point and the bindings of its commands: after this, every pointer
// that a kernel gets has the bytes behind it that the kernel touches, and nothing that is only read is
// written.
#include "runtime/package/Checks.h"

#include <algorithm>
#include <array>
#include <map>
#include <queue>
#include <tuple>
#include <vector>

namespace rondo::rt::package {
namespace {

using format::Access;
using format::EntryKind;
using format::Space;

absl::Status checkSlice(const format::Entry &entry, const format::Slice &slice) {
  if (slice.offset() % RONDO_BUFFER_ALIGNMENT != 0)
    return fail(ErrorId::Misaligned, absl::StrCat("expected an offset that is a multiple of ",
                                                  RONDO_BUFFER_ALIGNMENT, ", found ", slice.offset()));
  if (!checkedAdd(slice.offset(), slice.bytes()))
    return fail(ErrorId::PlanOverflow, absl::StrCat("expected an end below 2^64, found ", slice.bytes(),
                                                    " bytes at ", slice.offset()));
  if (slice.bytes() == 0 || !inBounds(slice.offset(), slice.bytes(), entry.arena_bytes()))
    return fail(ErrorId::PlanBounds,
                absl::StrCat("expected some bytes inside the arena of ", entry.arena_bytes(), ", found ",
                             slice.bytes(), " at ", slice.offset()));
  if (slice.first_command() > slice.last_command())
    return fail(ErrorId::BadIndex, absl::StrCat("expected a life that ends after it begins, found commands ",
                                                slice.first_command(), " to ", slice.last_command()));
  return checkIndex(slice.last_command(), entry.commands()->size(), "commands");
}

// Sweeps over the commands with the live slices ordered by offset: a new one may touch only its two
// neighbours.
absl::Status checkOverlap(const format::Entry &entry) {
  std::vector<const format::Slice *> slices;
  for (const format::Slice *slice : *entry.slices())
    slices.push_back(slice);
  std::sort(slices.begin(), slices.end(),
            [](auto *a, auto *b) { return a->first_command() < b->first_command(); });
  auto endsLater = [](auto *a, auto *b) { return a->last_command() > b->last_command(); };
  std::priority_queue<const format::Slice *, std::vector<const format::Slice *>, decltype(endsLater)> byEnd(
      endsLater);
  std::map<uint64_t, const format::Slice *> live;
  for (const format::Slice *slice : slices) {
    for (; !byEnd.empty() && byEnd.top()->last_command() < slice->first_command(); byEnd.pop())
      live.erase(byEnd.top()->offset());
    auto next = live.lower_bound(slice->offset());
    bool overlaps = next != live.end() && next->first < slice->offset() + slice->bytes();
    if (next != live.begin()) {
      const format::Slice *before = std::prev(next)->second;
      overlaps |= before->offset() + before->bytes() > slice->offset();
    }
    if (overlaps)
      return fail(ErrorId::PlanOverlap,
                  absl::StrCat("expected ", slice->bytes(), " free bytes at ", slice->offset(),
                               " from command ", slice->first_command(), " on, found a live buffer"));
    live.emplace(slice->offset(), slice);
    byEnd.push(slice);
  }
  return absl::OkStatus();
}

// Checks the commands of one entry point against their kernels and against what they are bound to.
class CommandChecker {
public:
  CommandChecker(const format::Package &package, const format::Entry &entry)
      : package(package), entry(entry), usesState(package.states()->size()) {
    for (uint32_t state : *entry.states())
      usesState[state] = true;
  }
  absl::Status check(uint64_t index, const format::Command &command) const;

private:
  absl::StatusOr<uint64_t> boundBytes(uint64_t command, const format::Binding &binding) const;
  bool isWritable(Space space) const;
  absl::Status checkBinding(uint64_t command, const format::Binding &binding,
                            const format::KernelArgument &argument) const;
  absl::Status checkAliasing(const format::Kernel &kernel, const format::Command &command) const;

  const format::Package &package;
  const format::Entry &entry;
  std::vector<bool> usesState; // per state of the package
};

// The bytes behind a binding, if it names something that this command may use.
absl::StatusOr<uint64_t> CommandChecker::boundBytes(uint64_t command, const format::Binding &binding) const {
  uint32_t index = binding.index();
  switch (binding.space()) {
  case Space::Parameter:
    RONDO_RETURN_IF_ERROR(checkIndex(index, package.parameters()->size(), "parameters"));
    return package.parameters()->Get(index)->storage_bytes();
  case Space::Constant:
    RONDO_RETURN_IF_ERROR(checkIndex(index, package.constant_ranges()->size(), "constants"));
    return package.constant_ranges()->Get(index)->bytes();
  case Space::State:
    RONDO_RETURN_IF_ERROR(checkIndex(index, package.states()->size(), "states"));
    if (!usesState[index])
      return fail(ErrorId::SignatureMismatch,
                  absl::StrCat("expected a state that the entry lists, found state ", index));
    return package.states()->Get(index)->slot_bytes() * entry.slots();
  case Space::Optimizer: {
    const auto *states = package.optimizer_states();
    RONDO_RETURN_IF_ERROR(checkIndex(index, states ? states->size() : 0, "optimiser states"));
    return states->Get(index)->storage_bytes();
  }
  case Space::Input:
    RONDO_RETURN_IF_ERROR(checkIndex(index, entry.inputs()->size(), "inputs"));
    return tensorBytes(*entry.inputs()->Get(index));
  case Space::Output:
    RONDO_RETURN_IF_ERROR(checkIndex(index, entry.outputs()->size(), "outputs"));
    return tensorBytes(*entry.outputs()->Get(index));
  case Space::Arena: {
    RONDO_RETURN_IF_ERROR(checkIndex(index, entry.slices()->size(), "arena slices"));
    const format::Slice &slice = *entry.slices()->Get(index);
    if (command < slice.first_command() || command > slice.last_command())
      return fail(ErrorId::SignatureMismatch,
                  absl::StrCat("expected arena slice ", index, " within its life, commands ",
                               slice.first_command(), " to ", slice.last_command()));
    return slice.bytes();
  }
  }
  return fail(ErrorId::BadEnum,
              absl::StrCat("expected a known space, found value ", static_cast<int>(binding.space())));
}

// Only entries that train change what outlives them all.
bool CommandChecker::isWritable(Space space) const {
  bool trains = entry.kind() == EntryKind::Accumulate || entry.kind() == EntryKind::Update ||
                entry.kind() == EntryKind::Train;
  return space == Space::Output || space == Space::Arena || space == Space::State ||
         (trains && (space == Space::Parameter || space == Space::Optimizer));
}

absl::Status CommandChecker::checkBinding(uint64_t command, const format::Binding &binding,
                                          const format::KernelArgument &argument) const {
  RONDO_ASSIGN_OR_RETURN(uint64_t bytes, boundBytes(command, binding));
  if (argument.bytes() > bytes)
    return fail(ErrorId::SignatureMismatch,
                absl::StrCat("expected a buffer of at least ", argument.bytes(), " bytes, found ", bytes));
  if (argument.access() != Access::Read && !isWritable(binding.space()))
    return fail(ErrorId::SignatureMismatch,
                absl::StrCat("expected something to write to that entries of this kind change, found space ",
                             format::EnumNameSpace(binding.space())));
  return absl::OkStatus();
}

// Kernels may assume that an argument they write overlaps no other. Live slices are apart, so only equal
// bindings can overlap: they stand side by side once sorted.
absl::Status CommandChecker::checkAliasing(const format::Kernel &kernel,
                                           const format::Command &command) const {
  struct Use {
    Space space;
    uint32_t index;
    bool writes;
  };
  std::array<Use, kMaxArguments> uses;
  uint32_t count = command.bindings()->size();
  for (uint32_t i = 0; i < count; ++i) {
    const format::Binding &binding = *command.bindings()->Get(i);
    uses[i] = {binding.space(), binding.index(), kernel.arguments()->Get(i)->access() != Access::Read};
  }
  // Writers come first among equals.
  std::sort(uses.begin(), uses.begin() + count, [](const Use &a, const Use &b) {
    return std::tuple(a.space, a.index, !a.writes) < std::tuple(b.space, b.index, !b.writes);
  });
  for (uint32_t i = 1; i < count; ++i)
    if (uses[i - 1].writes && uses[i].space == uses[i - 1].space && uses[i].index == uses[i - 1].index)
      return fail(ErrorId::SignatureMismatch,
                  absl::StrCat("expected a written buffer to be bound once, found space ",
                               format::EnumNameSpace(uses[i].space), " index ", uses[i].index, " twice"));
  return absl::OkStatus();
}

absl::Status CommandChecker::check(uint64_t index, const format::Command &command) const {
  RONDO_RETURN_IF_ERROR(checkIndex(command.kernel(), package.kernels()->size(), "kernels"));
  RONDO_RETURN_IF_ERROR(checkIndex(command.location(), package.locations()->size(), "locations"));
  if (command.workgroups() > INT64_MAX)
    return fail(ErrorId::BadSize,
                absl::StrCat("expected fewer than 2^63 workgroups, found ", command.workgroups()));
  RONDO_RETURN_IF_ERROR(checkList(command.bindings(), "bindings", kMaxArguments));
  const format::Kernel &kernel = *package.kernels()->Get(command.kernel());
  if (uint64_t blocks = fixedWorkgroups(kernel); blocks != 0 && blocks != command.workgroups())
    return fail(ErrorId::SignatureMismatch,
                absl::StrCat("expected the ", blocks, " workgroups of the grid of kernel '",
                             kernel.name()->str(), "', found ", command.workgroups()));
  if (command.bindings()->size() != kernel.arguments()->size())
    return fail(ErrorId::SignatureMismatch,
                absl::StrCat("expected ", kernel.arguments()->size(), " bindings for kernel '",
                             kernel.name()->str(), "', found ", command.bindings()->size()));
  for (uint32_t i = 0; i < command.bindings()->size(); ++i)
    RONDO_RETURN_IF_ERROR(
        within(checkBinding(index, *command.bindings()->Get(i), *kernel.arguments()->Get(i)), "argument", i));
  return checkAliasing(kernel, command);
}

} // namespace

absl::Status checkSlices(const format::Entry &entry) {
  RONDO_RETURN_IF_ERROR(checkList(entry.slices(), "arena slices", kMaxSlices));
  if (entry.arena_bytes() > kMaxTensorBytes)
    return fail(ErrorId::PlanOverflow, absl::StrCat("expected an arena of at most ", kMaxTensorBytes,
                                                    " bytes, found ", entry.arena_bytes()));
  uint64_t index = 0;
  for (const format::Slice *slice : *entry.slices())
    RONDO_RETURN_IF_ERROR(within(checkSlice(entry, *slice), "arena slice", index++));
  return checkOverlap(entry);
}

absl::Status checkCommands(const format::Package &package, const format::Entry &entry) {
  uint64_t bindings = 0;
  for (const format::Command *command : *entry.commands())
    bindings += command->bindings() ? command->bindings()->size() : 0;
  if (bindings > kMaxBindings)
    return fail(ErrorId::TooComplex,
                absl::StrCat("expected at most ", kMaxBindings, " bindings, found ", bindings));
  CommandChecker checker(package, entry);
  uint64_t index = 0;
  for (const format::Command *command : *entry.commands()) {
    RONDO_RETURN_IF_ERROR(within(checker.check(index, *command), "command", index));
    ++index;
  }
  return absl::OkStatus();
}

} // namespace rondo::rt::package
