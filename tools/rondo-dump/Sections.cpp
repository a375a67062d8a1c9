// The tables of rondo-dump.
#include "tools/rondo-dump/Sections.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "runtime/exec/Tensor.h"

#include <functional>

namespace rondo::dump {
namespace {

namespace format = rt::format;
using cli::Report;
using cli::Table;
using rt::Package;

// Calls `body` for each entry point of this name, or for all.
void forEachEntry(const Package &package, const std::string &name,
                  const std::function<void(const format::Entry &)> &body) {
  for (const format::Entry *entry : *package.root().entries())
    if (name.empty() || entry->name()->str() == name)
      body(*entry);
}

std::string typeOf(format::DType dtype, const flatbuffers::Vector<uint64_t> &shape) {
  return rt::typeText(dtype, {shape.data(), shape.size()});
}

void addProvenance(Report &report, const Package &package, const std::string &) {
  Table &table = report.add("provenance", {"what", "value"});
  const format::Provenance &provenance = *package.root().provenance();
  table.add({"made by", provenance.tool()->str()});
  table.add({"model", provenance.model()->str()});
  table.add({"preset", provenance.preset()->str()});
  for (const format::Hyper *hyper : *provenance.hypers())
    table.add({hyper->name()->str(), hyper->value()->str()});
  table.add({"flags", provenance.flags()->str()});
  table.add({"target", package.root().target()->str()});
  std::vector<std::string> features;
  for (const flatbuffers::String *feature : *package.root().cpu_features())
    features.push_back(feature->str());
  table.add({"needs", absl::StrJoin(features, " ")});
  table.add({"spec hash", absl::StrFormat("%016x", provenance.spec_hash())});
  table.add({"model hash", absl::StrFormat("%016x", provenance.model_hash())});
  table.add({"tokens are bytes", provenance.text() ? "yes" : "no"});
}

void addEntries(Report &report, const Package &package, const std::string &only) {
  Table &table = report.add(
      "entries", {"entry", "kind", "batch", "time", "slots", "commands", "arena_bytes", "flops", "bytes"});
  forEachEntry(package, only, [&](const format::Entry &entry) {
    uint64_t flops = 0;
    uint64_t bytes = 0;
    for (const format::Command *command : *entry.commands()) {
      flops += command->flops();
      bytes += command->bytes();
    }
    table.add({entry.name()->str(), format::EnumNameEntryKind(entry.kind()), entry.batch(), entry.time(),
               entry.slots(), uint64_t(entry.commands()->size()), entry.arena_bytes(), flops, bytes});
  });
}

std::string absentText(const format::IoTensor &tensor) {
  if (tensor.absent() == format::Absent::Value)
    return absl::StrCat(tensor.default_value());
  return format::EnumNameAbsent(tensor.absent());
}

void addTensors(Report &report, const Package &package, const std::string &only) {
  Table &table = report.add("tensors", {"entry", "direction", "name", "type", "if absent", "range"});
  forEachEntry(package, only, [&](const format::Entry &entry) {
    auto add = [&](const char *direction, const format::IoTensor &tensor) {
      bool input = *direction == 'i';
      std::string range = tensor.has_range() ? absl::StrCat(tensor.minimum(), " to ", tensor.maximum()) : "";
      table.add({entry.name()->str(), direction, tensor.name()->str(),
                 typeOf(tensor.dtype(), *tensor.shape()), input ? absentText(tensor) : "", range});
    };
    for (const format::IoTensor *input : *entry.inputs())
      add("in", *input);
    for (const format::IoTensor *output : *entry.outputs())
      add("out", *output);
  });
}

void addSchedules(Report &report, const Package &package, const std::string &only) {
  Table &table = report.add("schedules", {"entry", "op", "schedule", "why"});
  forEachEntry(package, only, [&](const format::Entry &entry) {
    for (const format::Schedule *schedule : *entry.schedules())
      table.add({entry.name()->str(), package.locationText(schedule->location()), schedule->choice()->str(),
                 schedule->why()->str()});
  });
}

void addParameters(Report &report, const Package &package, const std::string &) {
  Table &table = report.add(
      "parameters", {"parameter", "type", "layout", "group", "decayed", "initial", "bytes", "aliases"});
  for (const format::Parameter *parameter : *package.root().parameters()) {
    std::string layout = parameter->layout() == format::Layout::Panels
                             ? absl::StrCat("panels of ", parameter->panel())
                             : "rows";
    std::string initial =
        absl::StrCat(format::EnumNameInitKind(parameter->init()), "(", parameter->init_value(), ")");
    std::vector<std::string> aliases;
    for (const flatbuffers::String *alias : *parameter->aliases())
      aliases.push_back(alias->str());
    table.add({parameter->name()->str(), typeOf(parameter->dtype(), *parameter->shape()), layout,
               format::EnumNameParameterGroup(parameter->group()), parameter->weight_decay() ? "yes" : "no",
               initial, parameter->storage_bytes(), absl::StrJoin(aliases, ", ")});
  }
}

void addOptimizerStates(Report &report, const Package &package, const std::string &) {
  if (!package.root().optimizer_states())
    return; // the package does not train
  Table &table = report.add("optimizer states", {"state", "role", "parameter", "bytes"});
  for (const format::OptimizerState *state : *package.root().optimizer_states()) {
    bool scalar = state->role() == format::OptimizerRole::LossWeight;
    table.add({state->name()->str(), format::EnumNameOptimizerRole(state->role()),
               scalar ? "" : package.root().parameters()->Get(state->parameter())->name()->str(),
               state->storage_bytes()});
  }
}

void addStates(Report &report, const Package &package, const std::string &) {
  Table &table = report.add("states", {"state", "kind", "type", "slot_bytes", "op"});
  for (const format::State *state : *package.root().states())
    table.add({state->name()->str(), format::EnumNameStateKind(state->kind()),
               typeOf(state->dtype(), *state->shape()), state->slot_bytes(),
               package.locationText(state->location())});
}

void addKernels(Report &report, const Package &package, const std::string &) {
  bool isGpu = package.root().target()->str().rfind("cuda:", 0) == 0;
  std::vector<std::string> columns = {"kernel", "address", "arguments", "scratch_bytes", "uses", "source"};
  if (isGpu)
    columns = {"kernel",    "threads",       "shared_bytes", "ptx_bytes", "cubin_bytes",
               "arguments", "scratch_bytes", "uses",         "source"};
  Table &table = report.add("kernels", columns);
  std::vector<uint64_t> uses(package.root().kernels()->size());
  forEachEntry(package, "", [&](const format::Entry &entry) {
    for (const format::Command *command : *entry.commands())
      ++uses[command->kernel()];
  });
  for (uint32_t i = 0; i < package.root().kernels()->size(); ++i) {
    const format::Kernel &kernel = *package.root().kernels()->Get(i);
    if (isGpu) {
      table.add({kernel.name()->str(), uint64_t(kernel.threads()), uint64_t(kernel.shared_bytes()),
                 uint64_t(kernel.ptx() ? kernel.ptx()->size() : 0),
                 uint64_t(kernel.cubin() ? kernel.cubin()->size() : 0), uint64_t(kernel.arguments()->size()),
                 kernel.scratch_bytes(), uses[i], kernel.source()->str()});
      continue;
    }
    table.add({kernel.name()->str(), absl::StrFormat("0x%x", kernel.address()),
               uint64_t(kernel.arguments()->size()), kernel.scratch_bytes(), uses[i],
               kernel.source()->str()});
  }
}

std::string bindingText(const Package &package, const format::Entry &entry, const format::Binding &binding) {
  uint32_t index = binding.index();
  switch (binding.space()) {
  case format::Space::Parameter:
    return package.root().parameters()->Get(index)->name()->str();
  case format::Space::Constant:
    return absl::StrCat("constant ", index);
  case format::Space::State:
    return package.root().states()->Get(index)->name()->str();
  case format::Space::Optimizer:
    return package.root().optimizer_states()->Get(index)->name()->str();
  case format::Space::Input:
    return absl::StrCat("in ", entry.inputs()->Get(index)->name()->str());
  case format::Space::Output:
    return absl::StrCat("out ", entry.outputs()->Get(index)->name()->str());
  case format::Space::Arena:
    return absl::StrCat("slice ", index);
  }
  return "";
}

void addCommands(Report &report, const Package &package, const std::string &only) {
  Table &table = report.add("commands",
                            {"entry", "command", "kernel", "workgroups", "flops", "bytes", "bindings", "op"});
  forEachEntry(package, only, [&](const format::Entry &entry) {
    uint64_t index = 0;
    for (const format::Command *command : *entry.commands()) {
      std::vector<std::string> bindings;
      for (const format::Binding *binding : *command->bindings())
        bindings.push_back(bindingText(package, entry, *binding));
      table.add({entry.name()->str(), index++,
                 package.root().kernels()->Get(command->kernel())->name()->str(), command->workgroups(),
                 command->flops(), command->bytes(), absl::StrJoin(bindings, ", "),
                 package.locationText(command->location())});
    }
  });
}

void addMemory(Report &report, const Package &package, const std::string &only) {
  Table &table = report.add("memory", {"entry", "slice", "offset", "bytes", "first_command", "last_command"});
  forEachEntry(package, only, [&](const format::Entry &entry) {
    uint64_t index = 0;
    for (const format::Slice *slice : *entry.slices())
      table.add({entry.name()->str(), index++, slice->offset(), slice->bytes(),
                 uint64_t(slice->first_command()), uint64_t(slice->last_command())});
  });
}

struct Section {
  const char *name;
  bool isLong; // a row per command
  void (*add)(Report &, const Package &, const std::string &entry);
};
constexpr Section kSections[] = {
    {"provenance", false, addProvenance}, {"entries", false, addEntries},
    {"tensors", false, addTensors},       {"schedules", false, addSchedules},
    {"parameters", false, addParameters}, {"optimizer", false, addOptimizerStates},
    {"states", false, addStates},         {"kernels", false, addKernels},
    {"commands", true, addCommands},      {"memory", true, addMemory},
};

std::vector<std::string> namesOf(bool longOnes) {
  std::vector<std::string> names;
  for (const Section &section : kSections)
    if (longOnes || !section.isLong)
      names.push_back(section.name);
  return names;
}

} // namespace

const std::vector<std::string> &sectionNames() {
  static const std::vector<std::string> names = namesOf(true);
  return names;
}

const std::vector<std::string> &shortSections() {
  static const std::vector<std::string> names = namesOf(false);
  return names;
}

void addSection(Report &report, const Package &package, const std::string &name, const std::string &entry) {
  for (const Section &section : kSections)
    if (section.name == name)
      section.add(report, package, entry);
}

} // namespace rondo::dump
