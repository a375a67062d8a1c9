// The schedules that a module's sequence ops were given, kept for reports and the package: the ops themselves
// do not outlive the tile stage.
#pragma once

#include "codegen/package/PackageSpec.h"
#include "codegen/target/Target.h"
#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace rondo {

// One way to run an op; counts and time are those of one batch row.
struct ScheduleChoice {
  std::string schedule; // "chunkwise:64"
  bool chosen;
  double flops, bytes, seconds;
};

struct ScheduledOp {
  codegen::PackageSpec::Location location;
  std::string op;     // "rondo.retention"
  std::string choice; // "chunkwise:64"
  std::string why;    // the cost model's line
  std::vector<ScheduleChoice> alternatives;
};

// What the states of an op hold of one sequence, at the lengths of kStateLengths.
struct OpStates {
  codegen::PackageSpec::Location location;
  std::string op;
  std::vector<int64_t> bytes;
};
inline constexpr int64_t kStateLengths[] = {1 << 8, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20};

struct ScheduledEntry {
  std::string name;
  std::vector<ScheduledOp> ops; // in program order
  std::vector<OpStates> states; // of ops whose states lie in slots
};

// Reads the entry points of a module after rondo-choose-schedule: the schedules of its ops and, last, what a
// training entry computes again in its backward pass.
std::vector<ScheduledEntry> recordSchedules(mlir::ModuleOp module, const target::Target &target);

} // namespace rondo
