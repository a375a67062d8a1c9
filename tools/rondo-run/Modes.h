// The things that rondo-run does with a package.
#pragma once

#include "runtime/exec/Session.h"
#include "tools/cli/Report.h"
#include "tools/rondo-run/Options.h"

namespace rondo::run {

// Prints what running takes, without allocating it.
void dryRun(const rt::Package &package, const Options &options, cli::Format format);

// Runs one entry point on tensors.
absl::Status runEntry(rt::Session &session, const Options &options, const cli::CommandLine &commandLine);

// Continues a text on stdout; with JSON one object with the text.
absl::Status generateText(rt::Session &session, const Options &options, const cli::CommandLine &commandLine);

} // namespace rondo::run
