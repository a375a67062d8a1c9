// How long an entry point takes, as a whole and kernel by kernel.
#pragma once

#include "runtime/exec/Session.h"

#include <string>
#include <vector>

namespace rondo::bench {

struct EntryTime {
  uint64_t runs = 0;
  double best = 0, mean = 0, deviation = 0; // seconds of one run
  double flops = 0, bytes = 0;              // needed by one run, as the package states them
};

// Runs once to warm up, then for `seconds` and at least `minimumRuns` times.
absl::StatusOr<EntryTime> measureEntry(rt::Session &session, rt::Executor &executor, double seconds,
                                       uint64_t minimumRuns);

struct PeakShare {
  double peak = 0;  // FLOP/s of one core
  double share = 0; // of it that the entry reaches
};

// Medians over rounds in which the peak is taken right before a few runs: the clock of a shared machine
// changes by the second, and what is compared must have run at the same one.
absl::StatusOr<PeakShare> measureShare(rt::Session &session, rt::Executor &executor, double seconds);

struct KernelTime {
  std::string name, source;
  uint64_t commands = 0;
  double seconds = 0, flops = 0, bytes = 0; // of all its commands in one run
};

// The commands of an entry by kernel, longest first; per command the best of `runs`.
absl::StatusOr<std::vector<KernelTime>> measureKernels(rt::Session &session, rt::Executor &executor,
                                                       uint64_t runs);

} // namespace rondo::bench
