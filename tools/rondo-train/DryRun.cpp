// Exact bytes of a training step, from the package's plan.
#include "runtime/device/cpu/ThreadPool.h"
#include "runtime/exec/Session.h"
#include "runtime/train/TrainingStep.h"
#include "tools/cli/Report.h"
#include "tools/rondo-train/Modes.h"

#include <cstdio>

namespace rondo::train {

absl::Status dryRun(const rt::Package &package, const Options &options, cli::Format format) {
  RONDO_ASSIGN_OR_RETURN(rt::TrainingEntries entries, rt::findTrainingEntries(package, options.microBatches));
  rt::MemoryNeeds needs = rt::memoryNeeds(package);
  cli::Report report;
  cli::Table &table = report.add("memory", {"what", "bytes", "is"});
  uint64_t total = 0;
  auto add = [&](const std::string &what, uint64_t bytes) {
    table.add({what, bytes, cli::bytesText(bytes)});
    total += bytes;
  };
  add("weights", needs.weightBytes);
  add("gradients", needs.gradientBytes);
  add("moments", needs.momentBytes);
  add("states", needs.stateBytes);
  add("constants", needs.constantBytes);
  add("code", needs.codeBytes);
  add("scratch", needs.scratchBytes *
                     (options.device.threads == 0 ? rt::availableProcessors() : options.device.threads));
  for (const rt::EntryMemory &memory : needs.entries) {
    bool validates = memory.entry == package.findEntry(rt::format::EntryKind::Score);
    if (memory.entry != entries.micro && memory.entry != entries.update && !validates)
      continue;
    add("inputs and outputs of " + memory.entry->name()->str(), memory.tensorBytes);
    add("arena of " + memory.entry->name()->str(), memory.arenaBytes);
  }
  add("total", total);
  std::string text = format == cli::Format::Json ? report.toJson() : report.toText();
  std::fwrite(text.data(), 1, text.size(), stdout);
  return absl::OkStatus();
}

} // namespace rondo::train
