// One optimiser step through a package's entry points.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/train/BadValueScan.h"
#include "runtime/train/BatchSampler.h"
#include "runtime/train/StateCopy.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace rondo::rt {

struct StepRates {
  float learningRate = 0;
  float weightDecay = 0;
  float clip = 0; // 0: no clipping
};

struct StepResult {
  float loss = 0;         // mean over the targets of all micro-batches
  float gradientNorm = 0; // before clipping
};

// The entry points that take a step.
struct TrainingEntries {
  const format::Entry *micro = nullptr;  // train, or accumulate
  const format::Entry *update = nullptr; // null with train
};

// With one micro-batch `train` where the package has it, else `accumulate` and `update`. RND4005 if the
// package cannot train, RND2001 if it cannot accumulate.
absl::StatusOr<TrainingEntries> findTrainingEntries(const Package &package, uint64_t microBatches);

// Where a step went wrong, and the executor whose arguments still show it.
struct StepFault {
  BadValue value;
  Executor *executor = nullptr;

  std::string toString(const Package &package) const { return value.toString(package, executor->entry()); }
};

// Runs `train`, or `accumulate` several times and `update`. The session's slots 0 to B - 1 belong to it.
class TrainingStep {
public:
  // The errors are those of findTrainingEntries. `session` must outlive the step.
  static absl::StatusOr<std::unique_ptr<TrainingStep>> create(Session &session, uint64_t microBatches,
                                                              uint64_t seed);

  uint64_t batch() const { return micro_->entry().batch(); }
  uint64_t time() const { return micro_->entry().time(); }
  uint64_t microBatches() const { return microBatches_; }
  // Whether rows have states, which the rows of the next batch may continue.
  bool hasStates() const { return micro_->entry().states()->size() != 0; }

  // Step `step`, counted from 1, on as many batches as there are micro-batches. Empties the states of rows
  // that are fresh. Parameters and moments change only if the gradient's norm is finite. Allocates nothing.
  absl::StatusOr<StepResult> run(uint64_t step, const StepRates &rates, absl::Span<const Batch> batches);

  // Repeats the last step, which changed nothing, and looks for its first bad value; nothing if it has none.
  // Afterwards all rows' states are empty, and no gradient is left.
  absl::StatusOr<std::optional<StepFault>> findFault(uint64_t step, const StepRates &rates,
                                                     absl::Span<const Batch> batches);

  // Forgets the states of all rows.
  absl::Status emptyStates();

private:
  TrainingStep(Session &session, uint64_t microBatches, uint64_t seed)
      : session_(&session), microBatches_(microBatches), seed_(seed) {}
  absl::Status setBatch(const Batch &batch, uint64_t randomStep);
  absl::Status setRates(Executor &executor, uint64_t step, const StepRates &rates);
  absl::StatusOr<StepResult> runAccumulated(uint64_t step, const StepRates &rates,
                                            absl::Span<const Batch> batches);

  Session *session_;
  uint64_t microBatches_, seed_;
  Executor *micro_ = nullptr;  // train or accumulate
  Executor *update_ = nullptr; // null with train
  StateCopy before_;           // the states at the beginning of the last step,
  bool carries_ = false;       // if any row went on from one
};

} // namespace rondo::rt
