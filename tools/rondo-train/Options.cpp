// Flags of rondo-train, in the groups in which --help shows them.
#include "tools/rondo-train/Options.h"

#include <cmath>

namespace rondo::train {

static void addDataFlags(CLI::App &app, Options &options) {
  app.add_option("--data", options.data,
                 "Texts and token files, or folders of them; links in folders are skipped")
      ->type_name("PATH...")
      ->group("Data");
  app.add_option("--val", options.validation,
                 "Validation data; without it a twentieth of the data is held out")
      ->type_name("PATH...")
      ->group("Data");
  app.add_option("--carry", options.carry,
                 "detach: each row goes on where it ended in the batch before; none: rows are shuffled")
      ->check(CLI::IsMember({"none", "detach"}))
      ->capture_default_str()
      ->group("Data");
}

static void addRunFlags(CLI::App &app, Options &options) {
  auto add = [&](CLI::Option *option) { return option->group("Run"); };
  add(app.add_option("--steps", options.steps, "Optimiser steps of the whole run"));
  add(app.add_option("--out", options.folder,
                     "Folder of the run: checkpoints, log.jsonl, loss.svg, weights.safetensors"));
  add(app.add_option("--save-every", options.saveEvery, "Steps between checkpoints; 0: only at the end"))
      ->capture_default_str();
  add(app.add_option("--eval-every", options.evaluateEvery,
                     "Steps between validations [--save-every]; 0: only at the end"));
  add(app.add_option("--val-tokens", options.validationTokens, "Validation looks at so many tokens; 0: all"))
      ->capture_default_str();
  add(app.add_option("--resume", options.resume,
                     "auto: from the newest whole checkpoint in --out, if any; never: afresh"))
      ->type_name("auto|never|PATH")
      ->capture_default_str();
  add(app.add_option("--init-from", options.initFrom,
                     "First weights; without it as the spec states them, from --seed"));
  add(app.add_option("-s,--seed", options.seed, "Of initial weights, order of data and dropout"))
      ->capture_default_str();
  add(app.add_option("--on-nan", options.onNan,
                     "A loss that is no number: stop, skip the step, or dump the op's tensors and stop"))
      ->check(CLI::IsMember({"stop", "skip", "dump"}))
      ->capture_default_str();
}

static void addOptimizerFlags(CLI::App &app, Options &options) {
  auto add = [&](CLI::Option *option) { return option->group("Optimiser"); };
  add(app.add_option("--lr", options.rate, "Peak learning rate [from the number of weights]"));
  add(app.add_option("--lr-schedule", options.rateSchedule, "What follows the warm-up"))
      ->check(CLI::IsMember({"cosine", "linear", "constant", "wsd"}))
      ->capture_default_str();
  add(app.add_option("--warmup", options.warmup, "Share of the steps in which the rate rises"))
      ->capture_default_str();
  add(app.add_option("--clip", options.clip, "Largest norm of the gradient; 0: any"))->capture_default_str();
  add(app.add_option("--weight-decay", options.weightDecay, "Of weights, not of norms and embeddings"))
      ->capture_default_str();
  add(app.add_option("--accum", options.microBatches, "Micro-batches whose gradients make one step"))
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
}

void addOptions(cli::CommandLine &commandLine, Options &options) {
  CLI::App &app = commandLine.app();
  app.add_option("package", options.package,
                 "A .rondo file with train; its machine code runs with your rights")
      ->required();
  addDataFlags(app, options);
  addRunFlags(app, options);
  addOptimizerFlags(app, options);
  cli::addDeviceFlags(app, options.device);
  app.add_flag("--dry-run", options.dryRun,
               "Print the bytes of weights, moments, states and workspace; train nothing");
}

absl::Status checkOptions(const Options &options) {
  auto usage = [](const char *text) { return rt::makeError(ErrorId::Usage, text); };
  if (options.dryRun)
    return absl::OkStatus();
  if (options.data.empty() || options.steps == 0 || options.folder.empty())
    return usage("expected --data PATH, --steps N (at least 1) and --out DIR, or --dry-run");
  if (options.rate && !(*options.rate > 0 && std::isfinite(*options.rate)))
    return usage("expected --lr above 0");
  if (!(options.warmup >= 0 && options.warmup <= 1))
    return usage("expected --warmup from 0 to 1: it is a share of the steps");
  if (!(options.clip >= 0 && std::isfinite(options.clip)))
    return usage("expected --clip of at least 0");
  if (!(options.weightDecay >= 0 && std::isfinite(options.weightDecay)))
    return usage("expected --weight-decay of at least 0");
  return absl::OkStatus();
}

} // namespace rondo::train
