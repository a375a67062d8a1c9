// A training run: from weights, data and options to a folder with checkpoints, log, curve and final weights.
#pragma once

#include "runtime/train/BatchSampler.h"
#include "runtime/train/LearningRate.h"
#include "runtime/train/LossGuard.h"
#include "runtime/train/TrainingCheckpoint.h"
#include "runtime/train/TrainingLog.h"
#include "runtime/train/TrainingStep.h"
#include "runtime/train/Validation.h"

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rondo::rt {

// What to do about a step whose loss or gradient is no number.
enum class OnNan {
  Stop, // end with RND5002; the last checkpoint stays as it is
  Skip, // go on with the next batch; after many in a row end all the same
  Dump, // like Stop, and write what the first bad op has read and written to nan-step-N.safetensors
};

struct TrainerOptions {
  std::string folder; // of the run; made if it is not there
  uint64_t steps = 0;
  uint64_t saveEvery = 0;     // steps between checkpoints; 0: one at the end
  uint64_t evaluateEvery = 0; // steps between validations; 0: one at the end
  uint64_t microBatches = 1;
  uint64_t seed = 0;
  LearningRate rate;
  float weightDecay = 0;
  float clip = 0;
  Carry carry = Carry::None;
  OnNan onNan = OnNan::Stop;
  uint64_t validationTokens = 0; // as Validation::create takes it
  std::string title;             // of the curve
};

struct TrainingData {
  Corpus *corpus = nullptr;
  DocumentSet documents;
};

// Told what happens, as it happens.
class TrainingObserver {
public:
  virtual ~TrainingObserver() = default;
  virtual void onStep(const LogLine &line) = 0;
  virtual void onValidation(uint64_t step, const ValidationScore &score, bool isBest) = 0;
  virtual void onCheckpoint(uint64_t step, const std::string &path) = 0; // it is acknowledged
  virtual void onNote(const std::string &text) = 0;
};

// Owns the run's folder while it lives; corpora, session and observer must outlive it. The folder gets:
//   checkpoint-N/          the last two (TrainingCheckpoint.h)
//   log.jsonl, loss.svg    the losses of every step (TrainingLog.h, LossCurve.h)
//   best.safetensors       the weights with the lowest validation loss, if there is validation
//   weights.safetensors    the final weights
class Trainer {
public:
  // `validation` without a corpus: none. RND4005 and RND2001 as TrainingStep::create, RND3506 if the data has
  // nothing to learn from, RND4008 if another run has the folder.
  static absl::StatusOr<std::unique_ptr<Trainer>> create(Session &session, TrainingData training,
                                                         TrainingData validation,
                                                         const TrainerOptions &options,
                                                         TrainingObserver &observer);

  // What must be the same for a run to continue exactly, as text.
  const std::map<std::string, std::string> &configuration() const { return configuration_; }

  // The session's parameters, moments and states, and the run's numbers, as they were at the checkpoint.
  // RND3301 if it is of another model or configuration, RND2001 if it has more steps than the run.
  absl::Status restore(const FoundCheckpoint &checkpoint);

  // Steps done, of this and earlier runs.
  uint64_t step() const { return progress_.step; }

  // Trains to the last step, from where restore() left off or from the session's parameters, and writes the
  // final weights; nothing is left to do but that if all steps are done. RND5002 and RND5003 if the losses
  // are bad. When `interrupt` becomes true, a checkpoint is written and the run ends early without an error.
  absl::Status run(const std::atomic<bool> *interrupt = nullptr);

private:
  Trainer(Session &session, const TrainerOptions &options, TrainingObserver &observer)
      : session_(&session), options_(options), observer_(&observer) {}
  void describe(const TrainingData &training);
  absl::Status openLog();
  absl::Status takeStep();
  absl::Status judge(const StepResult &result, const StepRates &rates);
  absl::Status notFinite(const StepRates &rates);
  absl::Status evaluate(LogLine &line);
  absl::Status save();
  absl::Status finish();
  absl::Status writeCurve() const;
  TrainingTensors tensors();
  bool isDue(uint64_t every) const;
  std::string path(const char *name) const { return options_.folder + "/" + name; }

  Session *session_;
  TrainerOptions options_;
  TrainingObserver *observer_;
  std::optional<CheckpointFolder> folder_;
  std::unique_ptr<TrainingStep> step_;
  std::optional<BatchSampler> sampler_;
  std::unique_ptr<Validation> validation_;
  std::optional<TrainingLog> log_;
  LossGuard guard_;
  std::map<std::string, std::string> configuration_;
  uint64_t dataHash_ = 0;
  TrainingProgress progress_;
  std::vector<Batch> batches_;
  uint64_t tokens_ = 0;   // targets learned from
  uint64_t bestStep_ = 0; // of the lowest validation loss; 0: none yet
  double bestLoss_ = 0;
  bool emptyNext_ = false; // the last step's states are not to be continued
};

} // namespace rondo::rt
