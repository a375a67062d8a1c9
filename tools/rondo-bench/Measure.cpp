// How long an entry point takes, as a whole and kernel by kernel.
#include "tools/rondo-bench/Measure.h"

#include "bench/cpu/FmaPeak.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>

namespace rondo::bench {

using Clock = std::chrono::steady_clock;

static double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

absl::StatusOr<EntryTime> measureEntry(rt::Session &session, rt::Executor &executor, double seconds,
                                       uint64_t minimumRuns) {
  RONDO_RETURN_IF_ERROR(session.run(executor));
  EntryTime time;
  time.best = std::numeric_limits<double>::infinity();
  double sum = 0, squares = 0;
  for (Clock::time_point begin = Clock::now(); time.runs < minimumRuns || secondsSince(begin) < seconds;
       ++time.runs) {
    Clock::time_point start = Clock::now();
    RONDO_RETURN_IF_ERROR(session.run(executor));
    double one = secondsSince(start);
    time.best = std::min(time.best, one);
    sum += one;
    squares += one * one;
  }
  double runs = static_cast<double>(time.runs);
  time.mean = sum / runs;
  time.deviation = std::sqrt(std::max(0.0, squares / runs - time.mean * time.mean));
  for (const rt::format::Command *command : *executor.entry().commands()) {
    time.flops += static_cast<double>(command->flops());
    time.bytes += static_cast<double>(command->bytes());
  }
  return time;
}

static double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

absl::StatusOr<PeakShare> measureShare(rt::Session &session, rt::Executor &executor, double seconds) {
  constexpr int kRounds = 15;
  std::vector<double> peaks, shares;
  for (int round = 0; round < kRounds; ++round) {
    peaks.push_back(measureFmaPeak(0.02));
    RONDO_ASSIGN_OR_RETURN(EntryTime time, measureEntry(session, executor, seconds / kRounds, 2));
    shares.push_back(time.flops / time.best / peaks.back());
  }
  return PeakShare{median(peaks), median(shares)};
}

absl::StatusOr<std::vector<KernelTime>> measureKernels(rt::Session &session, rt::Executor &executor,
                                                       uint64_t runs) {
  const auto &commands = *executor.entry().commands();
  std::vector<uint64_t> times(commands.size()), best(commands.size(), std::numeric_limits<uint64_t>::max());
  for (uint64_t run = 0; run < runs; ++run) {
    RONDO_RETURN_IF_ERROR(session.run(executor, absl::MakeSpan(times)));
    for (size_t i = 0; i < times.size(); ++i)
      best[i] = std::min(best[i], times[i]);
  }
  std::map<uint32_t, KernelTime> byKernel;
  for (uint32_t i = 0; i < commands.size(); ++i) {
    const rt::format::Command &command = *commands.Get(i);
    const rt::format::Kernel &kernel = *session.package().root().kernels()->Get(command.kernel());
    KernelTime &time = byKernel[command.kernel()];
    time.name = kernel.name()->str();
    time.source = kernel.source() ? kernel.source()->str() : "";
    ++time.commands;
    time.seconds += 1e-9 * static_cast<double>(best[i]);
    time.flops += static_cast<double>(command.flops());
    time.bytes += static_cast<double>(command.bytes());
  }
  std::vector<KernelTime> sorted;
  for (auto &[index, time] : byKernel)
    sorted.push_back(std::move(time));
  std::sort(sorted.begin(), sorted.end(),
            [](const KernelTime &a, const KernelTime &b) { return a.seconds > b.seconds; });
  return sorted;
}

} // namespace rondo::bench
