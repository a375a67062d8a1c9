// rondo-bench: times the entry points of a package, beside the peak of the machine if asked for.
#include "runtime/device/OpenDevice.h"
#include "tools/cli/CommandLine.h"
#include "tools/cli/DeviceFlags.h"
#include "tools/cli/Report.h"
#include "tools/rondo-bench/Inputs.h"
#include "tools/rondo-bench/Measure.h"

#include <cstdio>

using namespace rondo;

namespace {

struct Options {
  std::string package;
  std::vector<std::string> entries;
  std::string weights;
  cli::DeviceChoice device;
  double seconds = 1;
  uint64_t minimumRuns = 5;
  bool kernels = false;
  bool peak = false;
};

void addOptions(CLI::App &app, Options &options) {
  app.add_option("package", options.package, "A .rondo file; its machine code runs with your rights")
      ->required();
  app.add_option("--entry", options.entries, "Time this entry point (repeatable); without it all");
  app.add_option("--weights", options.weights, "Weights; without them initial ones");
  cli::addDeviceFlags(app, options.device);
  app.add_option("--seconds", options.seconds, "Time each entry point for so long")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  app.add_option("-r,--runs", options.minimumRuns, "Run each at least so often")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_flag("--kernels", options.kernels, "Also time each kernel");
  app.add_flag("--peak", options.peak, "Measure the peak of one core in the same run, and give shares of it");
}

absl::StatusOr<std::vector<const rt::format::Entry *>> chosenEntries(const rt::Package &package,
                                                                     const Options &options) {
  std::vector<const rt::format::Entry *> entries;
  for (const std::string &name : options.entries) {
    entries.push_back(package.findEntry(name));
    if (!entries.back())
      return package.missingEntry(name);
  }
  if (entries.empty())
    entries.assign(package.root().entries()->begin(), package.root().entries()->end());
  return entries;
}

void addEntryRow(cli::Table &table, const rt::format::Entry &entry, const bench::EntryTime &time,
                 double share) {
  std::vector<cli::Cell> row = {entry.name()->str(),
                                time.runs,
                                1e3 * time.best,
                                1e3 * time.mean,
                                1e3 * time.deviation,
                                static_cast<double>(entry.batch() * entry.time()) / time.best,
                                1e-9 * time.flops / time.best};
  if (share > 0)
    row.push_back(100 * share);
  table.add(std::move(row));
}

absl::Status run(const Options &options, const cli::CommandLine &commandLine) {
  RONDO_ASSIGN_OR_RETURN(rt::Package package, rt::Package::open(options.package));
  RONDO_ASSIGN_OR_RETURN(std::unique_ptr<rt::Device> device,
                         rt::openDevice(options.device.name, package, options.device.threads));
  RONDO_ASSIGN_OR_RETURN(auto session, rt::Session::create(std::move(package), std::move(device)));
  RONDO_ASSIGN_OR_RETURN(auto entries, chosenEntries(session->package(), options));
  if (options.weights.empty())
    session->parameters().initialise(1);
  else
    RONDO_RETURN_IF_ERROR(session->parameters().load(options.weights, {}));

  cli::Report report;
  std::vector<std::string> columns = {"entry",    "runs",     "best ms", "mean ms",
                                      "stdev ms", "tokens/s", "GFLOP/s"};
  if (options.peak)
    columns.push_back("% of one core's peak");
  cli::Table &times = report.add("entries", columns);
  double bestPeak = 0;
  for (const rt::format::Entry *entry : entries) {
    commandLine.note("timing " + entry->name()->str());
    RONDO_ASSIGN_OR_RETURN(rt::Executor * executor, session->executor(*entry));
    RONDO_RETURN_IF_ERROR(bench::fillInputs(*executor));
    RONDO_ASSIGN_OR_RETURN(bench::EntryTime time,
                           bench::measureEntry(*session, *executor, options.seconds, options.minimumRuns));
    bench::PeakShare share;
    if (options.peak) {
      RONDO_ASSIGN_OR_RETURN(share, bench::measureShare(*session, *executor, options.seconds));
    }
    bestPeak = std::max(bestPeak, share.peak);
    addEntryRow(times, *entry, time, share.share);
    if (!options.kernels)
      continue;
    RONDO_ASSIGN_OR_RETURN(auto kernels, bench::measureKernels(*session, *executor, options.minimumRuns));
    cli::Table &table = report.add("kernels of " + entry->name()->str(),
                                   {"kernel", "computes", "commands", "ms", "GFLOP/s", "GB/s"});
    for (const bench::KernelTime &kernel : kernels)
      table.add({kernel.name, kernel.source, kernel.commands, 1e3 * kernel.seconds,
                 1e-9 * kernel.flops / kernel.seconds, 1e-9 * kernel.bytes / kernel.seconds});
  }
  if (options.peak)
    report.add("machine", {"device", "peak of one core, GFLOP/s"})
        .add({std::string(session->device().name()), 1e-9 * bestPeak});
  std::string text = commandLine.format() == cli::Format::Json ? report.toJson() : report.toText();
  std::fwrite(text.data(), 1, text.size(), stdout);
  return absl::OkStatus();
}

} // namespace

int main(int argc, char **argv) {
  cli::CommandLine commandLine("Times the entry points of a package.", "rondo-bench");
  Options options;
  addOptions(commandLine.app(), options);
  if (std::optional<int> code = commandLine.parse(argc, argv))
    return *code;
  return commandLine.finish(run(options, commandLine));
}
