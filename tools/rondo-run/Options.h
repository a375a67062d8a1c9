// What rondo-run's command line asks for.
#pragma once

#include "runtime/generate/Sampler.h"
#include "tools/cli/CommandLine.h"
#include "tools/cli/DeviceFlags.h"

#include <optional>
#include <string>
#include <vector>

namespace rondo::run {

struct Options {
  std::string package;
  cli::DeviceChoice device;
  bool dryRun = false;
  // Weights
  std::string weights;
  std::vector<std::string> ignore;
  std::optional<uint64_t> initSeed;
  std::string saveWeights;
  // States
  std::string loadState;
  std::string saveState;
  // An entry point on tensors
  std::string entry;
  std::string inputs;
  std::string outputs;
  // Text
  std::optional<std::string> prompt;
  uint64_t newTokens = 64;
  bool greedy = false;
  rt::SamplerOptions sampling;
  std::vector<std::string> stop;
};

// Adds the flags; the options are filled when the command line is parsed.
void addOptions(cli::CommandLine &commandLine, Options &options);

// Combinations that make no sense are RND2001.
absl::Status checkOptions(const Options &options);

} // namespace rondo::run
