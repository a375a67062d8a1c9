// Feeds batches and rates to training entries.
#include "runtime/train/TrainingStep.h"

#include "absl/strings/str_cat.h"

#include <algorithm>

namespace rondo::rt {
namespace {

bool hasInput(const Executor &executor, std::string_view name) {
  for (const format::IoTensor *input : *executor.entry().inputs())
    if (input->name()->string_view() == name)
      return true;
  return false;
}

template <typename T>
TensorView viewOf(format::DType dtype, absl::Span<const T> values, absl::Span<const uint64_t> shape) {
  return {dtype, shape, {reinterpret_cast<const uint8_t *>(values.data()), values.size() * sizeof(T)}};
}

// A scalar that the entry may do without.
template <typename T>
absl::Status setScalar(Executor &executor, std::string_view name, format::DType dtype, T value) {
  if (!hasInput(executor, name))
    return absl::OkStatus();
  return executor.inputs().set(name, viewOf<T>(dtype, {&value, 1}, {}));
}

absl::StatusOr<float> scalarOutput(const Executor &executor, std::string_view name) {
  RONDO_ASSIGN_OR_RETURN(TensorView output, executor.output(name));
  if (output.dtype != format::DType::F32 || output.bytes.size() != sizeof(float))
    return makeError(ErrorId::Internal,
                     absl::StrCat("expected output '", std::string(name), "' to be an f32 scalar"));
  return *reinterpret_cast<const float *>(output.bytes.data());
}

absl::Status checkOutputs(const Executor &executor, std::initializer_list<const char *> names) {
  for (const char *name : names)
    RONDO_RETURN_IF_ERROR(scalarOutput(executor, name).status());
  return absl::OkStatus();
}

} // namespace

absl::StatusOr<TrainingEntries> findTrainingEntries(const Package &package, uint64_t microBatches) {
  const format::Entry *train = package.findEntry(format::EntryKind::Train);
  const format::Entry *accumulate = package.findEntry(format::EntryKind::Accumulate);
  const format::Entry *update = package.findEntry(format::EntryKind::Update);
  if (train && microBatches == 1)
    return TrainingEntries{train, nullptr};
  if (accumulate && update)
    return TrainingEntries{accumulate, update};
  if (!train)
    return withHelp(
        makeError(ErrorId::EntryMissing, "expected an entry point that trains, found none", {package.path()}),
        "Compile with --entry train:B=8,T=256, or with accumulate and update.");
  return withHelp(makeError(ErrorId::Usage,
                            absl::StrCat("expected entry points accumulate and update for ", microBatches,
                                         " micro-batches, found train alone"),
                            {package.path()}),
                  "Leave --accum out, or compile with --entry accumulate:B=8,T=256 --entry update.");
}

absl::StatusOr<std::unique_ptr<TrainingStep>> TrainingStep::create(Session &session, uint64_t microBatches,
                                                                   uint64_t seed) {
  RONDO_ASSIGN_OR_RETURN(TrainingEntries entries, findTrainingEntries(session.package(), microBatches));
  std::unique_ptr<TrainingStep> step(new TrainingStep(session, microBatches, seed));
  RONDO_ASSIGN_OR_RETURN(step->micro_, session.executor(*entries.micro));
  if (entries.update) {
    RONDO_ASSIGN_OR_RETURN(step->update_, session.executor(*entries.update));
    RONDO_RETURN_IF_ERROR(checkOutputs(*step->update_, {"grad_norm"}));
    RONDO_RETURN_IF_ERROR(checkOutputs(*step->micro_, {"loss", "loss_weight_sum"}));
  } else {
    RONDO_RETURN_IF_ERROR(checkOutputs(*step->micro_, {"loss", "grad_norm"}));
  }
  return absl::StatusOr<std::unique_ptr<TrainingStep>>(std::move(step));
}

absl::Status TrainingStep::emptyStates() {
  if (hasStates())
    for (uint64_t row = 0; row < batch(); ++row)
      RONDO_RETURN_IF_ERROR(session_->states().reset(row));
  return absl::OkStatus();
}

absl::Status TrainingStep::setBatch(const Batch &batch, uint64_t randomStep) {
  const uint64_t shape[] = {this->batch(), time()};
  Inputs &inputs = micro_->inputs();
  auto integers = [&](const std::vector<int32_t> &values) {
    return viewOf<int32_t>(format::DType::I32, values, shape);
  };
  RONDO_RETURN_IF_ERROR(inputs.set("tokens", integers(batch.tokens)));
  RONDO_RETURN_IF_ERROR(inputs.set("targets", integers(batch.targets)));
  if (hasInput(*micro_, "segment_ids")) // a model that looks at one position alone has no use for them
    RONDO_RETURN_IF_ERROR(inputs.set("segment_ids", integers(batch.segmentIds)));
  RONDO_RETURN_IF_ERROR(setScalar(*micro_, "seed", format::DType::I64, static_cast<int64_t>(seed_)));
  RONDO_RETURN_IF_ERROR(setScalar(*micro_, "step", format::DType::I64, static_cast<int64_t>(randomStep)));
  if (hasStates())
    for (uint64_t row = 0; row < this->batch(); ++row)
      if (batch.fresh[row])
        RONDO_RETURN_IF_ERROR(session_->states().reset(row));
  return absl::OkStatus();
}

absl::Status TrainingStep::setRates(Executor &executor, uint64_t step, const StepRates &rates) {
  RONDO_RETURN_IF_ERROR(setScalar(executor, "step", format::DType::I64, static_cast<int64_t>(step - 1)));
  RONDO_RETURN_IF_ERROR(setScalar(executor, "learning_rate", format::DType::F32, rates.learningRate));
  RONDO_RETURN_IF_ERROR(setScalar(executor, "weight_decay", format::DType::F32, rates.weightDecay));
  return setScalar(executor, "clip", format::DType::F32, rates.clip);
}

absl::StatusOr<StepResult> TrainingStep::run(uint64_t step, const StepRates &rates,
                                             absl::Span<const Batch> batches) {
  const std::vector<uint8_t> &fresh = batches.front().fresh;
  carries_ = hasStates() && std::find(fresh.begin(), fresh.end(), 0) != fresh.end();
  if (carries_)
    before_.take(session_->states(), batch());
  if (update_)
    return runAccumulated(step, rates, batches);
  RONDO_RETURN_IF_ERROR(setBatch(batches.front(), step - 1));
  RONDO_RETURN_IF_ERROR(setRates(*micro_, step, rates));
  RONDO_RETURN_IF_ERROR(session_->run(*micro_));
  StepResult result;
  RONDO_ASSIGN_OR_RETURN(result.loss, scalarOutput(*micro_, "loss"));
  RONDO_ASSIGN_OR_RETURN(result.gradientNorm, scalarOutput(*micro_, "grad_norm"));
  return result;
}

absl::StatusOr<StepResult> TrainingStep::runAccumulated(uint64_t step, const StepRates &rates,
                                                        absl::Span<const Batch> batches) {
  double sum = 0, weights = 0;
  for (uint64_t i = 0; i < batches.size(); ++i) {
    // Micro-batches of one step must not draw the same random numbers.
    RONDO_RETURN_IF_ERROR(setBatch(batches[i], (step - 1) * microBatches_ + i));
    RONDO_RETURN_IF_ERROR(session_->run(*micro_));
    RONDO_ASSIGN_OR_RETURN(float loss, scalarOutput(*micro_, "loss"));
    RONDO_ASSIGN_OR_RETURN(float weight, scalarOutput(*micro_, "loss_weight_sum"));
    sum += static_cast<double>(loss) * static_cast<double>(weight);
    weights += static_cast<double>(weight);
  }
  RONDO_RETURN_IF_ERROR(setRates(*update_, step, rates));
  RONDO_RETURN_IF_ERROR(session_->run(*update_));
  StepResult result;
  result.loss = static_cast<float>(weights > 0 ? sum / weights : 0);
  RONDO_ASSIGN_OR_RETURN(result.gradientNorm, scalarOutput(*update_, "grad_norm"));
  return result;
}

absl::StatusOr<std::optional<StepFault>> TrainingStep::findFault(uint64_t step, const StepRates &rates,
                                                                 absl::Span<const Batch> batches) {
  std::optional<StepFault> fault;
  if (carries_)
    before_.putBack(session_->states());
  for (uint64_t i = 0; i < batches.size() && !fault; ++i) {
    RONDO_RETURN_IF_ERROR(setBatch(batches[i], (step - 1) * microBatches_ + i));
    if (!update_)
      RONDO_RETURN_IF_ERROR(setRates(*micro_, step, rates));
    RONDO_ASSIGN_OR_RETURN(std::optional<BadValue> found, findBadValue(*session_, *micro_));
    if (found)
      fault = StepFault{*found, micro_};
  }
  if (update_ && !fault) {
    RONDO_RETURN_IF_ERROR(setRates(*update_, step, rates));
    RONDO_ASSIGN_OR_RETURN(std::optional<BadValue> found, findBadValue(*session_, *update_));
    if (found)
      fault = StepFault{*found, update_};
  }
  OptimizerStore &optimizer = session_->optimizer();
  for (size_t i = 0; i < optimizer.size(); ++i)
    if (optimizer.info(i).role == format::OptimizerRole::Gradient ||
        optimizer.info(i).role == format::OptimizerRole::LossWeight)
      std::fill(optimizer.storage(i).begin(), optimizer.storage(i).end(), 0.0f);
  optimizer.heal(); // the moments and parameters were not touched
  RONDO_RETURN_IF_ERROR(emptyStates());
  return fault;
}

} // namespace rondo::rt
