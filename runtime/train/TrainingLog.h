// log.jsonl of a training run: a line of JSON that says what is trained on what, then one line per step.
//
//   {"configuration": {"lr": "0.001", ...}, "data_hash": "0123456789abcdef", "model_hash": "..."}
//   {"step": 1, "loss": 5.5521, "lr": 0.0001, "grad_norm": 1.25, "tokens": 4096, "tokens_per_s": 51234.5,
//    "peak_bytes": 52428800}                                (one line; "val_loss" at its end where evaluated)
//
// Numbers are plain decimals, without exponents, as many digits as say them exactly; what is not finite is
// null.
#pragma once

#include "runtime/status/Status.h"
#include "runtime/train/LossCurve.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rondo::rt {

struct LogLine {
  uint64_t step = 0;
  float loss = 0;
  float learningRate = 0;
  float gradientNorm = 0;
  uint64_t tokens = 0; // targets learned from since the run's first step
  double tokensPerSecond = 0;
  uint64_t peakBytes = 0; // the most memory that the process has held
  std::optional<double> validationLoss = std::nullopt;
};

struct LogHead {
  std::map<std::string, std::string> configuration; // UTF-8
  uint64_t dataHash = 0;
  uint64_t modelHash = 0;
};

// The losses that a log holds, as the curve shows them.
struct LossHistory {
  std::vector<LossPoint> training, validation;
};

// Owns the file, to which it appends. Movable. RND4004 if it cannot be written.
class TrainingLog {
public:
  // A log with all whole lines of steps up to `step` that the file at `path` has, and with this head; the
  // file is replaced atomically. Step 0, and a file that is no log, leave the head alone.
  static absl::StatusOr<TrainingLog> open(const std::string &path, const LogHead &head, uint64_t step);

  TrainingLog(TrainingLog &&other) noexcept;
  TrainingLog &operator=(TrainingLog &&other) noexcept;
  ~TrainingLog();

  // In one piece: a run that is killed leaves whole lines, or at most a part of one at the end.
  absl::Status append(const LogLine &line);
  // Makes all lines survive a power failure.
  absl::Status sync();

  uint64_t bytes() const { return bytes_; }
  const LossHistory &history() const { return history_; }

private:
  TrainingLog() = default;
  absl::Status failure() const;

  int descriptor_ = -1;
  std::string path_;
  uint64_t bytes_ = 0;
  LossHistory history_;
};

} // namespace rondo::rt
