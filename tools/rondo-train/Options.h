// What rondo-train's command line asks for.
#pragma once

#include "tools/cli/CommandLine.h"
#include "tools/cli/DeviceFlags.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rondo::train {

struct Options {
  std::string package;
  cli::DeviceChoice device;
  bool dryRun = false;
  // Data
  std::vector<std::string> data;
  std::vector<std::string> validation;
  std::string carry = "none";
  // Run
  uint64_t steps = 0;
  std::string folder;
  uint64_t saveEvery = 200;
  std::optional<uint64_t> evaluateEvery; // as saveEvery
  uint64_t validationTokens = 1 << 16;
  std::string resume = "auto";
  std::string initFrom;
  uint64_t seed = 0;
  std::string onNan = "stop";
  // Optimiser
  std::optional<double> rate; // from the model's size
  std::string rateSchedule = "cosine";
  double warmup = 0.05;
  double clip = 1;
  double weightDecay = 0.05;
  uint64_t microBatches = 1;
};

// Adds the flags; the options are filled when the command line is parsed.
void addOptions(cli::CommandLine &commandLine, Options &options);

// Combinations that make no sense are RND2001.
absl::Status checkOptions(const Options &options);

} // namespace rondo::train
