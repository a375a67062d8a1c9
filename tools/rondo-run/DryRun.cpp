// Exact bytes from the package's plan.
#include "runtime/device/cpu/ThreadPool.h"
#include "tools/rondo-run/Modes.h"

#include <algorithm>
#include <cstdio>

namespace rondo::run {

void dryRun(const rt::Package &package, const Options &options, cli::Format format) {
  rt::MemoryNeeds needs = rt::memoryNeeds(package);
  uint64_t threads = options.device.threads == 0 ? rt::availableProcessors() : options.device.threads;
  uint64_t scratch = needs.scratchBytes * threads;
  cli::Report report;
  cli::Table &shared = report.add("memory", {"what", "bytes", "is"});
  auto add = [&](cli::Table &table, const char *what, uint64_t bytes) {
    table.add({what, bytes, cli::bytesText(bytes)});
  };
  add(shared, "weights", needs.weightBytes);
  if (needs.momentBytes != 0) { // a package that trains
    add(shared, "moments", needs.momentBytes);
    add(shared, "gradients", needs.gradientBytes);
  }
  add(shared, "states", needs.stateBytes);
  add(shared, "constants", needs.constantBytes);
  add(shared, "code", needs.codeBytes);
  add(shared, "scratch", scratch);
  cli::Table &entries = report.add("entries", {"entry", "tensor_bytes", "workspace_bytes", "total_bytes"});
  uint64_t fixed = needs.weightBytes + needs.momentBytes + needs.gradientBytes + needs.stateBytes +
                   needs.constantBytes + needs.codeBytes + scratch;
  for (const rt::EntryMemory &entry : needs.entries)
    if (options.entry.empty() || entry.entry->name()->str() == options.entry)
      entries.add({entry.entry->name()->str(), entry.tensorBytes, entry.arenaBytes,
                   fixed + entry.tensorBytes + entry.arenaBytes});
  std::string text = format == cli::Format::Json ? report.toJson() : report.toText();
  std::fwrite(text.data(), 1, text.size(), stdout);
}

} // namespace rondo::run
