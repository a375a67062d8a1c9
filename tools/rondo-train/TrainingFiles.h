// The data of a run, as the command line names it.
#pragma once

#include "runtime/package/Package.h"
#include "runtime/train/Trainer.h"
#include "tools/rondo-train/Options.h"

#include <optional>

namespace rondo::train {

// Corpora, and which of their documents are for what. Must stay where it is while a trainer uses it.
struct TrainingFiles {
  std::optional<rt::Corpus> corpus;
  std::optional<rt::Corpus> validationCorpus; // of --val
  rt::DocumentSet training, validation;

  rt::TrainingData forTraining() { return {&*corpus, training}; }
  // Without a corpus where nothing is held out.
  rt::TrainingData forValidation();
};

// Opens --data and --val into `files`. Files that are in both are for validation only. Without --val a part
// is held out, if the package can score it. RND2204 for text and a model whose tokens are not bytes.
absl::Status openData(const rt::Package &package, const Options &options, const cli::CommandLine &commandLine,
                      TrainingFiles &files);

} // namespace rondo::train
