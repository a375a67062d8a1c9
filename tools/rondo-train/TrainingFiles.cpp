// Opens data and divides it.
#include "tools/rondo-train/TrainingFiles.h"

#include "absl/strings/str_cat.h"

namespace rondo::train {
namespace {

absl::StatusOr<rt::Corpus> openCorpus(const rt::Package &package, absl::Span<const rt::DataFile> files) {
  const rt::format::Provenance &provenance = *package.root().provenance();
  RONDO_ASSIGN_OR_RETURN(rt::Corpus corpus, rt::Corpus::open(files, provenance.vocab()));
  if (corpus.hasText() && !provenance.text())
    return rt::withHelp(rt::makeError(ErrorId::TextVocabulary,
                                      "expected token files for a model whose tokens are not bytes, "
                                      "found text",
                                      {package.path()}),
                        "docs/format/tokens.md describes token files.");
  return corpus;
}

} // namespace

rt::TrainingData TrainingFiles::forValidation() {
  if (validation.documents() == 0)
    return {};
  return {validationCorpus ? &*validationCorpus : &*corpus, validation};
}

absl::Status openData(const rt::Package &package, const Options &options, const cli::CommandLine &commandLine,
                      TrainingFiles &files) {
  if (package.root().provenance()->vocab() == 0) // a model of features, say
    return rt::withHelp(
        rt::makeError(ErrorId::EntryMissing,
                      "expected a model that trains on tokens, found one without a vocabulary",
                      {package.path()}),
        "Run its entry train step by step, with its inputs: rondo-run --entry train.");
  RONDO_ASSIGN_OR_RETURN(std::vector<rt::DataFile> data, rt::listDataFiles(options.data));
  bool scores = package.findEntry(rt::format::EntryKind::Score) != nullptr;
  if (!scores)
    commandLine.note("note: the package has no entry point score: validation is skipped");
  if (!options.validation.empty()) {
    RONDO_ASSIGN_OR_RETURN(std::vector<rt::DataFile> validation, rt::listDataFiles(options.validation));
    if (size_t shared = rt::removeShared(data, validation))
      commandLine.note(
          absl::StrCat("note: ", shared, shared == 1 ? " file" : " files", " of --val not trained on"));
    RONDO_ASSIGN_OR_RETURN(files.validationCorpus, openCorpus(package, validation));
    files.validation = rt::DocumentSet(files.validationCorpus->documentStarts());
  }
  RONDO_ASSIGN_OR_RETURN(files.corpus, openCorpus(package, data));
  files.training = rt::DocumentSet(files.corpus->documentStarts());
  if (files.training.tokens() == 0)
    return rt::makeError(ErrorId::NoData, "expected data to train on, found no token",
                         {options.data.front()});
  if (!options.validation.empty() || !scores)
    return absl::OkStatus();
  rt::HeldOut split = rt::holdOut(files.training, options.validationTokens);
  files.training = std::move(split.training);
  files.validation = std::move(split.validation);
  commandLine.note(files.validation.documents() == 0
                       ? "note: too little data to hold some out: validation is skipped"
                       : absl::StrCat("note: ", files.validation.tokens(), " of ", files.corpus->tokens(),
                                      " tokens are held out for validation"));
  return absl::OkStatus();
}

} // namespace rondo::train
