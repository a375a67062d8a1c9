// The loop of a training run, and what it keeps.
#include "runtime/train/Trainer.h"

#include "runtime/files/AtomicFile.h"

#include "absl/strings/str_cat.h"

#include <bit>
#include <chrono>
#include <cmath>
#include <sys/resource.h>

namespace rondo::rt {
namespace {

constexpr uint64_t kMostSkipped = 20; // steps in a row

const char *nameOf(RateSchedule schedule) {
  switch (schedule) {
  case RateSchedule::Cosine:
    return "cosine";
  case RateSchedule::Linear:
    return "linear";
  case RateSchedule::Constant:
    return "constant";
  case RateSchedule::WarmupStableDecay:
    return "wsd";
  }
  return "";
}

uint64_t peakBytes() {
  rusage usage;
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? static_cast<uint64_t>(usage.ru_maxrss) * 1024 : 0;
}

} // namespace

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::create(Session &session, TrainingData training,
                                                         TrainingData validation,
                                                         const TrainerOptions &options,
                                                         TrainingObserver &observer) {
  std::unique_ptr<Trainer> trainer(new Trainer(session, options, observer));
  RONDO_ASSIGN_OR_RETURN(trainer->step_, TrainingStep::create(session, options.microBatches, options.seed));
  const TrainingStep &step = *trainer->step_;
  trainer->describe(training);
  RONDO_ASSIGN_OR_RETURN(trainer->sampler_,
                         BatchSampler::create(*training.corpus, std::move(training.documents),
                                              {step.batch(), step.time(), options.seed, options.carry}));
  if (validation.corpus) {
    RONDO_ASSIGN_OR_RETURN(
        trainer->validation_,
        Validation::create(session, *validation.corpus, validation.documents, options.validationTokens));
  }
  RONDO_ASSIGN_OR_RETURN(trainer->folder_, CheckpointFolder::open(options.folder));
  trainer->batches_.resize(options.microBatches);
  trainer->progress_.modelHash = session.package().root().provenance()->model_hash();
  trainer->progress_.seed = options.seed;
  trainer->progress_.configuration = trainer->configuration_;
  return absl::StatusOr<std::unique_ptr<Trainer>>(std::move(trainer));
}

// The number of steps is not in it: a run may be made longer, its rates then follow the new plan.
void Trainer::describe(const TrainingData &training) {
  dataHash_ = training.corpus->hash();
  const LearningRate &rate = options_.rate;
  configuration_ = {{"accum", absl::StrCat(options_.microBatches)},
                    {"batch", absl::StrCat(step_->batch())},
                    {"carry", options_.carry == Carry::Detach ? "detach" : "none"},
                    {"clip", absl::StrCat(options_.clip)},
                    {"data", absl::StrCat(absl::Hex(dataHash_, absl::kZeroPad16))},
                    {"documents", absl::StrCat(training.documents.documents())},
                    {"lr", absl::StrCat(rate.peak)},
                    {"lr_schedule", nameOf(rate.schedule)},
                    {"seed", absl::StrCat(options_.seed)},
                    {"time", absl::StrCat(step_->time())},
                    {"tokens", absl::StrCat(training.documents.tokens())},
                    {"warmup", absl::StrCat(rate.warmup)},
                    {"weight_decay", absl::StrCat(options_.weightDecay)}};
}

TrainingTensors Trainer::tensors() {
  TrainingTensors tensors;
  ParameterStore &parameters = session_->parameters();
  OptimizerStore &optimizer = session_->optimizer();
  auto moment = [&](format::OptimizerRole role, size_t parameter) {
    std::optional<size_t> found = optimizer.find(role, static_cast<uint32_t>(parameter));
    return found ? optimizer.storage(*found) : absl::Span<float>();
  };
  for (size_t i = 0; i < parameters.size(); ++i)
    tensors.parameters.push_back({&parameters.info(i), parameters.storage(i),
                                  moment(format::OptimizerRole::FirstMoment, i),
                                  moment(format::OptimizerRole::SecondMoment, i)});
  if (options_.carry == Carry::None || !step_->hasStates())
    return tensors;
  StatePool &pool = session_->states();
  for (size_t state = 0; state < pool.infos().size(); ++state) {
    const StateInfo &info = pool.infos()[state];
    std::vector<uint64_t> shape = {step_->batch()};
    shape.insert(shape.end(), info.shape.begin(), info.shape.end());
    absl::Span<uint8_t> first = pool.bytes(state, 0); // slots lie behind one another
    tensors.states.push_back(
        {info.name, info.dtype, std::move(shape), {first.data(), first.size() * step_->batch()}});
  }
  return tensors;
}

absl::Status Trainer::restore(const FoundCheckpoint &checkpoint) {
  RONDO_RETURN_IF_ERROR(checkSameRun(checkpoint, progress_.modelHash, configuration_));
  const TrainingProgress &found = checkpoint.manifest.progress;
  if (found.step > options_.steps)
    return makeError(ErrorId::Usage, absl::StrCat("expected at least ", found.step, " steps, which ",
                                                  checkpoint.path, " has done, found ", options_.steps));
  RONDO_RETURN_IF_ERROR(restoreTensors(checkpoint, tensors()));
  session_->parameters().setFilled();
  session_->optimizer().heal();
  progress_ = found;
  auto counter = [&](const char *name) {
    auto it = found.counters.find(name);
    return it == found.counters.end() ? 0 : it->second;
  };
  tokens_ = counter("tokens");
  bestStep_ = counter("best_step");
  bestLoss_ = std::bit_cast<double>(counter("best_loss"));
  emptyNext_ = counter("empty_next") != 0;
  if (uint64_t planned = counter("steps"); planned != options_.steps)
    observer_->onNote(absl::StrCat("the run was planned for ", planned, " steps; learning rates now follow ",
                                   options_.steps));
  return absl::OkStatus();
}

absl::Status Trainer::openLog() {
  RONDO_RETURN_IF_ERROR(folder_->forgetAfter(progress_.step));
  LogHead head = {configuration_, dataHash_, progress_.modelHash};
  RONDO_ASSIGN_OR_RETURN(log_, TrainingLog::open(path("log.jsonl"), head, progress_.step));
  for (const LossPoint &point : log_->history().training)
    guard_.observe(point.loss, 0);
  return absl::OkStatus();
}

bool Trainer::isDue(uint64_t every) const {
  return progress_.step == options_.steps || (every != 0 && progress_.step % every == 0);
}

absl::Status Trainer::run(const std::atomic<bool> *interrupt) {
  RONDO_RETURN_IF_ERROR(openLog());
  while (progress_.step < options_.steps) {
    RONDO_RETURN_IF_ERROR(takeStep());
    bool stops = interrupt && interrupt->load();
    if (isDue(options_.saveEvery) || stops)
      RONDO_RETURN_IF_ERROR(save());
    if (stops && progress_.step < options_.steps)
      return absl::OkStatus();
  }
  return finish();
}

absl::Status Trainer::takeStep() {
  auto start = std::chrono::steady_clock::now();
  uint64_t targets = 0;
  for (Batch &batch : batches_) {
    RONDO_RETURN_IF_ERROR(sampler_->next(progress_.cursor, batch));
    targets += batch.targetCount;
  }
  if (emptyNext_)
    std::fill(batches_.front().fresh.begin(), batches_.front().fresh.end(), 1);
  emptyNext_ = false;
  ++progress_.step;
  StepRates rates = {static_cast<float>(options_.rate.at(progress_.step)), options_.weightDecay,
                     options_.clip};
  RONDO_ASSIGN_OR_RETURN(StepResult result, step_->run(progress_.step, rates, batches_));
  std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  tokens_ += targets;
  LogLine line;
  line.step = progress_.step;
  line.loss = result.loss;
  line.learningRate = rates.learningRate;
  line.gradientNorm = result.gradientNorm;
  line.tokens = tokens_;
  line.tokensPerSecond = static_cast<double>(targets) / std::max(seconds.count(), 1e-9);
  line.peakBytes = peakBytes();
  absl::Status verdict = judge(result, rates);
  if (verdict.ok() && validation_ && isDue(options_.evaluateEvery))
    verdict = evaluate(line);
  RONDO_RETURN_IF_ERROR(log_->append(line));
  observer_->onStep(line);
  if (!verdict.ok()) { // what led here is worth seeing
    RONDO_RETURN_IF_ERROR(log_->sync());
    RONDO_RETURN_IF_ERROR(writeCurve());
  }
  return verdict;
}

absl::Status Trainer::judge(const StepResult &result, const StepRates &rates) {
  double mean = guard_.mean();
  switch (guard_.observe(static_cast<double>(result.loss), static_cast<double>(result.gradientNorm))) {
  case LossGuard::Verdict::Fine:
    return absl::OkStatus();
  case LossGuard::Verdict::Spike:
    observer_->onNote(absl::StrCat("step ", progress_.step, ": the loss jumped to ", result.loss,
                                   "; the last steps gave ", static_cast<float>(mean)));
    return absl::OkStatus();
  case LossGuard::Verdict::Diverged:
    if (options_.onNan == OnNan::Skip)
      return absl::OkStatus();
    return makeError(ErrorId::Diverged, absl::StrCat("step ", progress_.step, ": expected a loss near ",
                                                     static_cast<float>(mean),
                                                     ", found more than twice that for many "
                                                     "steps, at last ",
                                                     result.loss));
  case LossGuard::Verdict::NotFinite:
    return notFinite(rates);
  }
  return absl::OkStatus();
}

absl::Status Trainer::notFinite(const StepRates &rates) {
  std::string message =
      absl::StrCat("step ", progress_.step, ": expected a finite loss and gradient, found none");
  bool first = guard_.notFiniteRun() == 1; // one look at a row of them is enough
  std::string note =
      "no op of a repeated step writes a value that is not finite: the sum of squares overflows";
  std::optional<StepFault> fault;
  if (first || options_.onNan != OnNan::Skip) {
    RONDO_ASSIGN_OR_RETURN(fault, step_->findFault(progress_.step, rates, batches_));
  } else {
    RONDO_RETURN_IF_ERROR(step_->emptyStates());
  }
  emptyNext_ = true;
  if (fault)
    note = absl::StrCat("the first bad value: ", fault->toString(session_->package()));
  if (options_.onNan == OnNan::Skip && guard_.notFiniteRun() < kMostSkipped) {
    observer_->onNote(first ? absl::StrCat(message, "; the step is skipped; ", note)
                            : absl::StrCat(message, "; the step is skipped"));
    return absl::OkStatus();
  }
  if (options_.onNan == OnNan::Dump && fault) {
    std::string file = path(absl::StrCat("nan-step-", progress_.step, ".safetensors").c_str());
    RONDO_RETURN_IF_ERROR(dumpArguments(file, session_->package(), *fault->executor, fault->value.command));
    note += absl::StrCat("\nwhat it has read and written is in ", file);
  }
  return withNote(makeError(ErrorId::NotFinite, message), note);
}

absl::Status Trainer::evaluate(LogLine &line) {
  RONDO_ASSIGN_OR_RETURN(ValidationScore score, validation_->score());
  line.validationLoss = score.loss();
  bool best = std::isfinite(score.loss()) && (bestStep_ == 0 || score.loss() < bestLoss_);
  if (best) {
    RONDO_RETURN_IF_ERROR(session_->parameters().save(path("best.safetensors")));
    bestStep_ = progress_.step;
    bestLoss_ = score.loss();
  }
  observer_->onValidation(progress_.step, score, best);
  return absl::OkStatus();
}

absl::Status Trainer::save() {
  RONDO_RETURN_IF_ERROR(log_->sync());
  progress_.logBytes = log_->bytes();
  progress_.counters = {{"best_loss", std::bit_cast<uint64_t>(bestLoss_)},
                        {"best_step", bestStep_},
                        {"empty_next", emptyNext_},
                        {"steps", options_.steps},
                        {"tokens", tokens_}};
  RONDO_RETURN_IF_ERROR(folder_->write(progress_, tensors()));
  observer_->onCheckpoint(progress_.step, checkpointPath(options_.folder, progress_.step));
  return writeCurve();
}

absl::Status Trainer::writeCurve() const {
  const LossHistory &history = log_->history();
  std::string svg = lossCurveSvg(options_.title, history.training, history.validation);
  RONDO_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(path("loss.svg")));
  RONDO_RETURN_IF_ERROR(file.write({reinterpret_cast<const uint8_t *>(svg.data()), svg.size()}));
  return file.commit();
}

absl::Status Trainer::finish() {
  RONDO_RETURN_IF_ERROR(writeCurve());
  return session_->parameters().save(path("weights.safetensors"));
}

} // namespace rondo::rt
