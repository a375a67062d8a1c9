// rondo-dump: shows what a package holds.
#include "tools/cli/CommandLine.h"
#include "tools/rondo-dump/Sections.h"

#include <cstdio>

namespace {

struct Options {
  std::string package;
  std::string entry;
  std::vector<std::string> sections;
};

absl::Status dump(const Options &options, rondo::cli::Format format) {
  RONDO_ASSIGN_OR_RETURN(rondo::rt::Package package, rondo::rt::Package::open(options.package));
  if (!options.entry.empty() && !package.findEntry(options.entry))
    return package.missingEntry(options.entry);
  rondo::cli::Report report;
  for (const std::string &section :
       options.sections.empty() ? rondo::dump::shortSections() : options.sections)
    rondo::dump::addSection(report, package, section, options.entry);
  std::string text = format == rondo::cli::Format::Json ? report.toJson() : report.toText();
  std::fwrite(text.data(), 1, text.size(), stdout);
  return absl::OkStatus();
}

} // namespace

int main(int argc, char **argv) {
  rondo::cli::CommandLine commandLine(
      "Shows what a package holds: entry points, schedules, kernels, memory plan, parameters.", "rondo-dump");
  Options options;
  CLI::App &app = commandLine.app();
  app.add_option("package", options.package, "A .rondo file")->required();
  app.add_option("--section", options.sections,
                 "Show these alone (repeatable); commands and memory are shown on request")
      ->check(CLI::IsMember(rondo::dump::sectionNames()));
  app.add_option("--entry", options.entry, "Limit tables to this entry point");
  if (std::optional<int> code = commandLine.parse(argc, argv))
    return *code;
  return commandLine.finish(dump(options, commandLine.format()));
}
