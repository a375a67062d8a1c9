// Text in, text out: bytes as tokens, on slot 0.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "runtime/generate/Generator.h"
#include "runtime/generate/StopDetector.h"
#include "runtime/states/StateFile.h"
#include "tools/rondo-run/Modes.h"

#include <chrono>
#include <cstdio>

namespace rondo::run {
namespace {

constexpr uint64_t kSlot = 0;
constexpr uint64_t kByteValues = 256;

double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Hands text to stdout as it comes, or keeps it for one JSON object.
class TextSink {
public:
  explicit TextSink(cli::Format format) : json_(format == cli::Format::Json) {}
  void write(std::string_view text) {
    if (json_) {
      text_.append(text);
      return;
    }
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
  void finish(uint64_t promptTokens, const std::vector<int32_t> &tokens, double seconds) {
    std::string end = "\n";
    if (json_)
      end = absl::StrCat("{\"text\": ", cli::jsonText(text_), ", \"tokens\": [", absl::StrJoin(tokens, ", "),
                         "], \"prompt_tokens\": ", promptTokens, ", \"seconds\": ", seconds, "}\n");
    std::fwrite(end.data(), 1, end.size(), stdout);
  }

private:
  bool json_;
  std::string text_;
};

absl::Status checkText(const rt::Package &package, const std::string &prompt) {
  const rt::format::Provenance &provenance = *package.root().provenance();
  if (provenance.vocab() < kByteValues || !provenance.text())
    return rt::makeError(ErrorId::TextVocabulary,
                         absl::StrCat("expected a model of bytes with a vocabulary of at least ", kByteValues,
                                      ", found a vocabulary of ", provenance.vocab()),
                         {package.path()});
  if (prompt.empty())
    return rt::makeError(ErrorId::Usage, "expected a prompt of at least one byte, found none");
  return absl::OkStatus();
}

} // namespace

absl::Status generateText(rt::Session &session, const Options &options, const cli::CommandLine &commandLine) {
  RONDO_RETURN_IF_ERROR(checkText(session.package(), *options.prompt));
  uint64_t model = session.package().root().provenance()->model_hash();
  if (!options.loadState.empty())
    RONDO_RETURN_IF_ERROR(rt::loadStates(options.loadState, model, session.states(), {kSlot}));
  rt::SamplerOptions sampling = options.sampling;
  if (options.greedy)
    sampling.temperature = 0;
  RONDO_ASSIGN_OR_RETURN(rt::Generator generator, rt::Generator::create(session, kSlot, sampling));
  std::vector<int32_t> prompt;
  for (char byte : *options.prompt)
    prompt.push_back(static_cast<uint8_t>(byte));
  auto start = std::chrono::steady_clock::now();
  RONDO_RETURN_IF_ERROR(generator.feed(prompt));
  double promptSeconds = secondsSince(start);

  TextSink sink(commandLine.format());
  rt::StopDetector stop({}, options.stop, 1);
  start = std::chrono::steady_clock::now();
  std::vector<int32_t> tokens;
  while (tokens.size() < options.newTokens && !stop.stopped()) {
    RONDO_ASSIGN_OR_RETURN(int32_t token, generator.draw());
    tokens.push_back(token);
    // Larger vocabularies have tokens that are no bytes: they have no text.
    char byte = static_cast<char>(token);
    sink.write(stop.append(token, {&byte, token < static_cast<int32_t>(kByteValues) ? size_t(1) : 0}));
    RONDO_RETURN_IF_ERROR(generator.feed({&token, 1}));
  }
  sink.write(stop.finish());
  double seconds = secondsSince(start);
  sink.finish(prompt.size(), tokens, seconds);
  commandLine.note(absl::StrFormat("prompt: %d tokens, %.0f tokens/s; generation: %d tokens, %.0f tokens/s",
                                   prompt.size(), double(prompt.size()) / promptSeconds, tokens.size(),
                                   double(tokens.size()) / seconds));
  return options.saveState.empty() ? absl::OkStatus()
                                   : rt::saveStates(options.saveState, model, session.states(), {kSlot});
}

} // namespace rondo::run
