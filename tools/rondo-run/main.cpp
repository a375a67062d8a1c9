// rondo-run: runs a package, on tensors or on text.
#include "runtime/device/OpenDevice.h"
#include "tools/rondo-run/Modes.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

using namespace rondo;

static absl::Status fillWeights(rt::Session &session, const run::Options &options) {
  if (!options.weights.empty())
    RONDO_RETURN_IF_ERROR(session.parameters().load(options.weights, options.ignore));
  else if (options.initSeed)
    session.parameters().initialise(*options.initSeed);
  return options.saveWeights.empty() ? absl::OkStatus() : session.parameters().save(options.saveWeights);
}

static absl::Status execute(const run::Options &options, const cli::CommandLine &commandLine) {
  RONDO_RETURN_IF_ERROR(run::checkOptions(options));
  RONDO_ASSIGN_OR_RETURN(rt::Package package, rt::Package::open(options.package));
  if (!options.entry.empty() && !package.findEntry(options.entry))
    return package.missingEntry(options.entry);
  if (options.dryRun) {
    run::dryRun(package, options, commandLine.format());
    return absl::OkStatus();
  }
  RONDO_ASSIGN_OR_RETURN(std::unique_ptr<rt::Device> device,
                         rt::openDevice(options.device.name, package, options.device.threads));
  RONDO_ASSIGN_OR_RETURN(std::unique_ptr<rt::Session> session,
                         rt::Session::create(std::move(package), std::move(device)));
  RONDO_RETURN_IF_ERROR(fillWeights(*session, options));
  if (options.prompt)
    return run::generateText(*session, options, commandLine);
  return options.entry.empty() ? absl::OkStatus() : run::runEntry(*session, options, commandLine);
}

int main(int argc, char **argv) {
  cli::CommandLine commandLine("Runs a package: continues text, or runs an entry point on tensors.",
                               "rondo-run");
  run::Options options;
  if (std::find(argv + 1, argv + argc, std::string_view("--list-devices")) != argv + argc) {
    for (const std::string &line : rt::listDevices())
      std::puts(line.c_str());
    return 0;
  }
  run::addOptions(commandLine, options);
  if (std::optional<int> code = commandLine.parse(argc, argv))
    return *code;
  return commandLine.finish(execute(options, commandLine));
}
