// Finds where a number that is none first appears in a run of an entry point.
#pragma once

#include "runtime/exec/Session.h"

#include <cstdint>
#include <optional>
#include <string>

namespace rondo::rt {

struct BadValue {
  size_t command = 0;    // of the entry
  size_t argument = 0;   // of its kernel
  uint64_t bad = 0;      // elements that are NaN or infinite,
  uint64_t elements = 0; // of so many
  bool isNan = false;    // the first of them

  // "layers.3, models/retnet.mlir:20:7 (linear + silu) writes NaN, in 12 of 4096 values"
  std::string toString(const Package &package, const format::Entry &entry) const;
};

// Runs the entry on the inputs that it has, command after command, and looks at all that each writes. The
// first NaN or plus infinity counts; minus infinity alone is the logarithm of a decay of zero. Nothing if
// there is none. A run that ends early leaves the states of its slots, and of the optimiser, undefined and
// poisoned.
absl::StatusOr<std::optional<BadValue>> findBadValue(Session &session, Executor &executor);

// Writes everything that the command reads and writes, as flat tensors "argument.0", ..., to a safetensors
// file: what it has read is still there after it.
absl::Status dumpArguments(const std::string &path, const Package &package, Executor &executor,
                           size_t command);

} // namespace rondo::rt
