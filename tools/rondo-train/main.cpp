// rondo-train: trains a package's model on data.
#include "runtime/device/OpenDevice.h"
#include "tools/cli/Report.h"
#include "tools/rondo-train/Modes.h"
#include "tools/rondo-train/Progress.h"
#include "tools/rondo-train/TrainingFiles.h"

#include "absl/strings/str_cat.h"

#include <atomic>
#include <csignal>
#include <cstdio>

using namespace rondo;

namespace {

std::atomic<bool> interrupted = false; // also set when the run was at its last step
bool endedEarly = false;
std::atomic<int> interruptSignal = 0;

void onSignal(int number) {
  interruptSignal = number;
  interrupted = true;
}

// The first signal ends the run at its next step, with a checkpoint; the second ends the program.
void handleSignals() {
  struct sigaction action = {};
  action.sa_handler = onSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

rt::OnNan onNanNamed(const std::string &name) {
  return name == "skip" ? rt::OnNan::Skip : name == "dump" ? rt::OnNan::Dump : rt::OnNan::Stop;
}

uint64_t trainedParameters(const rt::ParameterStore &parameters) {
  uint64_t count = 0;
  for (const rt::ParameterInfo &info : parameters.infos())
    if (info.group == rt::format::ParameterGroup::Trainable)
      count += info.elements();
  return count;
}

rt::TrainerOptions trainerOptions(const train::Options &options, const rt::Session &session,
                                  rt::ParameterStore &parameters) {
  const rt::format::Provenance &provenance = *session.package().root().provenance();
  rt::TrainerOptions result;
  result.folder = options.folder;
  result.steps = options.steps;
  result.saveEvery = options.saveEvery;
  result.evaluateEvery = options.evaluateEvery.value_or(options.saveEvery);
  result.microBatches = options.microBatches;
  result.seed = options.seed;
  result.rate = {options.rate.value_or(rt::usualPeakRate(trainedParameters(parameters))),
                 *rt::rateScheduleNamed(options.rateSchedule), options.warmup, options.steps};
  result.weightDecay = static_cast<float>(options.weightDecay);
  result.clip = static_cast<float>(options.clip);
  result.carry = options.carry == "detach" ? rt::Carry::Detach : rt::Carry::None;
  result.onNan = onNanNamed(options.onNan);
  result.validationTokens = options.validationTokens;
  result.title = absl::StrCat(provenance.model()->str(), provenance.preset()->size() == 0 ? "" : " ",
                              provenance.preset()->str(), ", ", options.steps, " steps");
  return result;
}

// The checkpoint to go on from, or none.
absl::StatusOr<std::optional<rt::FoundCheckpoint>> findCheckpoint(const train::Options &options) {
  if (options.resume == "never")
    return std::optional<rt::FoundCheckpoint>();
  if (options.resume != "auto") {
    RONDO_ASSIGN_OR_RETURN(rt::FoundCheckpoint found, rt::openCheckpoint(options.resume));
    return std::optional(std::move(found));
  }
  RONDO_ASSIGN_OR_RETURN(std::optional<rt::FoundCheckpoint> found, rt::findLatestCheckpoint(options.folder));
  if (found)
    for (const absl::Status &skipped : found->skipped)
      std::fputs(rt::formatWarning(skipped).c_str(), stderr);
  return found;
}

absl::Status fillWeights(rt::Session &session, const train::Options &options) {
  if (!options.initFrom.empty())
    return session.parameters().load(options.initFrom);
  session.parameters().initialise(options.seed);
  return absl::OkStatus();
}

void printResult(const rt::Trainer &trainer, const train::Progress &progress, const train::Options &options,
                 const cli::CommandLine &commandLine) {
  cli::Report report;
  cli::Table &table = report.add("run", {"what", "value"});
  table.add({"steps", trainer.step()});
  if (progress.lastLine()) {
    table.add({"tokens", progress.lastLine()->tokens});
    table.add({"loss", static_cast<double>(progress.lastLine()->loss)});
    table.add({"seconds", progress.seconds()});
  }
  if (progress.lastScore()) {
    table.add({"validation loss", progress.lastScore()->loss()});
    table.add({progress.isText() ? "validation bits per byte" : "validation bits per token",
               progress.lastScore()->bitsPerToken()});
  }
  if (trainer.step() == options.steps)
    table.add({"weights", options.folder + "/weights.safetensors"});
  table.add({"log", options.folder + "/log.jsonl"});
  table.add({"curve", options.folder + "/loss.svg"});
  std::string text = commandLine.format() == cli::Format::Json ? report.toJson() : report.toText();
  std::fwrite(text.data(), 1, text.size(), stdout);
}

absl::Status execute(const train::Options &options, const cli::CommandLine &commandLine) {
  RONDO_RETURN_IF_ERROR(train::checkOptions(options));
  RONDO_ASSIGN_OR_RETURN(rt::Package package, rt::Package::open(options.package));
  if (options.dryRun)
    return train::dryRun(package, options, commandLine.format());
  RONDO_RETURN_IF_ERROR(rt::findTrainingEntries(package, options.microBatches).status());
  train::TrainingFiles files;
  RONDO_RETURN_IF_ERROR(train::openData(package, options, commandLine, files));
  bool text = package.root().provenance()->text();
  RONDO_ASSIGN_OR_RETURN(std::unique_ptr<rt::Device> device,
                         rt::openDevice(options.device.name, package, options.device.threads));
  RONDO_ASSIGN_OR_RETURN(std::unique_ptr<rt::Session> session,
                         rt::Session::create(std::move(package), std::move(device)));
  train::Progress progress(commandLine, options.steps, text);
  RONDO_ASSIGN_OR_RETURN(std::unique_ptr<rt::Trainer> trainer,
                         rt::Trainer::create(*session, files.forTraining(), files.forValidation(),
                                             trainerOptions(options, *session, session->parameters()),
                                             progress));
  RONDO_ASSIGN_OR_RETURN(std::optional<rt::FoundCheckpoint> checkpoint, findCheckpoint(options));
  if (checkpoint) {
    RONDO_RETURN_IF_ERROR(trainer->restore(*checkpoint));
    progress.onNote(absl::StrCat("going on from ", checkpoint->path));
  } else {
    RONDO_RETURN_IF_ERROR(fillWeights(*session, options));
  }
  handleSignals();
  RONDO_RETURN_IF_ERROR(trainer->run(&interrupted));
  endedEarly = trainer->step() < options.steps;
  printResult(*trainer, progress, options, commandLine);
  return absl::OkStatus();
}

} // namespace

int main(int argc, char **argv) {
  cli::CommandLine commandLine(
      "Trains a package's model: weights, moments and data order are kept in checkpoints, from "
      "which a run goes on exactly.",
      "rondo-train");
  train::Options options;
  train::addOptions(commandLine, options);
  if (std::optional<int> code = commandLine.parse(argc, argv))
    return *code;
  int code = commandLine.finish(execute(options, commandLine));
  return code == 0 && endedEarly ? 128 + interruptSignal : code;
}
