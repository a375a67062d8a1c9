// Flags of rondo-run, in the groups in which --help shows them.
#include "tools/rondo-run/Options.h"

namespace rondo::run {

static void addModelFlags(CLI::App &app, Options &options) {
  app.add_option("package", options.package, "A .rondo file; its machine code runs with your rights")
      ->required();
  app.add_option("--weights", options.weights, "Weights: a safetensors file, or a folder of them")
      ->group("Weights");
  app.add_option("--ignore", options.ignore,
                 "Names in the weights to leave out, * and ? allowed (repeatable)")
      ->needs("--weights")
      ->group("Weights");
  app.add_option("--init-seed", options.initSeed, "Initial weights as the spec states them, from this seed")
      ->excludes("--weights")
      ->group("Weights");
  app.add_option("--save-weights", options.saveWeights, "Write the weights to this file")->group("Weights");
}

static void addTextFlags(CLI::App &app, Options &options) {
  auto *prompt =
      app.add_option("-p,--prompt", options.prompt, "Continue this text; bytes are tokens")->group("Text");
  auto add = [&](CLI::Option *option) { option->needs(prompt)->group("Text"); };
  add(app.add_option("-n,--max-new-tokens", options.newTokens, "Tokens to generate")->capture_default_str());
  add(app.add_option("--seed", options.sampling.seed, "Seed of the draws")->capture_default_str());
  auto *greedy = app.add_flag("--greedy", options.greedy, "Take the most probable token");
  add(greedy);
  add(app.add_option("--temperature", options.sampling.temperature, "0 is greedy")
          ->excludes(greedy)
          ->capture_default_str());
  add(app.add_option("--top-k", options.sampling.topK, "Draw from the k most probable; 0 means all")
          ->excludes(greedy)
          ->capture_default_str());
  add(app.add_option("--top-p", options.sampling.topP, "Draw from the most probable that together reach p")
          ->excludes(greedy)
          ->capture_default_str());
  add(app.add_option("--stop", options.stop, "End before this text (repeatable)"));
}

void addOptions(cli::CommandLine &commandLine, Options &options) {
  CLI::App &app = commandLine.app();
  addModelFlags(app, options);
  auto *entry = app.add_option("--entry", options.entry, "Run this entry point once")->group("Tensors");
  app.add_option("--inputs", options.inputs, "Its inputs and states, a safetensors file")
      ->needs(entry)
      ->group("Tensors");
  app.add_option("--outputs", options.outputs, "Where its outputs and states go")
      ->needs(entry)
      ->group("Tensors");
  addTextFlags(app, options);
  entry->excludes("--prompt");
  app.add_option("--load-state", options.loadState, "Continue from a saved state")->group("States");
  app.add_option("--save-state", options.saveState, "Save the state afterwards")->group("States");
  cli::addDeviceFlags(app, options.device);
  app.add_flag("--list-devices")->description("Print the devices that are there, and run nothing");
  app.add_flag("--dry-run", options.dryRun, "Print the bytes of weights, states and workspace; run nothing");
}

absl::Status checkOptions(const Options &options) {
  auto usage = [](const char *text) { return rt::makeError(ErrorId::Usage, text); };
  bool runs = !options.entry.empty() || options.prompt;
  bool saves = !options.saveWeights.empty();
  if (!runs && !saves && !options.dryRun)
    return usage("expected something to do: --prompt, --entry, --save-weights or --dry-run");
  if (!runs && (!options.loadState.empty() || !options.saveState.empty()))
    return usage("expected --prompt or --entry with --load-state and --save-state");
  if (saves && options.weights.empty() && !options.initSeed)
    return usage("expected --weights or --init-seed with --save-weights");
  return absl::OkStatus();
}

} // namespace rondo::run
