// All that a training run is made of at one step, as names, numbers and spans of the trainer's memory: what a
// checkpoint holds.
#pragma once

#include "absl/types/span.h"
#include "runtime/format/Package_generated.h"
#include "runtime/parameters/ParameterInfo.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rondo::rt {

// One parameter and its moments, all in the storage layout that `info` states, padding included
// (info->storageBytes each). The spans belong to the trainer.
struct TrainedTensor {
  const ParameterInfo *info = nullptr;
  absl::Span<float> weight;
  absl::Span<float> firstMoment; // both empty for a parameter that is not trained
  absl::Span<float> secondMoment;
};

// One state that is fed back from step to step (--carry detach), as in memory: rows of `shape`'s first
// dimension after another. The bytes belong to the trainer.
struct CarriedTensor {
  std::string name; // "state.layers.3.retention"
  format::DType dtype = format::DType::F32;
  std::vector<uint64_t> shape; // [rows, shape of one slot]
  absl::Span<uint8_t> bytes;
};

struct TrainingTensors {
  std::vector<TrainedTensor> parameters; // in the package's order, which is that of the files
  std::vector<CarriedTensor> states;     // empty unless states are carried
};

// Where the next batch begins. What `index` and `streams` count is the data order's affair.
struct DataCursor {
  uint64_t epoch = 0;
  uint64_t index = 0;
  std::vector<uint64_t> streams; // under --carry detach: positions of the rows' streams

  bool operator==(const DataCursor &) const = default;
};

// The numbers beside the tensors.
struct TrainingProgress {
  uint64_t modelHash = 0; // as the package's provenance has it
  uint64_t step = 0;      // steps done
  // Random numbers are Philox of seed, step, op and element: there is no other random state.
  uint64_t seed = 0;
  DataCursor cursor;
  uint64_t logBytes = 0; // length of the run log with the line of `step`, the last whole one
  // Options and data that must be the same for the run to continue exactly, as text: "batch" -> "8".
  std::map<std::string, std::string> configuration;
  // Whatever else the trainer must know again; floating-point numbers by their bits (std::bit_cast).
  std::map<std::string, uint64_t> counters;

  bool operator==(const TrainingProgress &) const = default;
};

} // namespace rondo::rt
