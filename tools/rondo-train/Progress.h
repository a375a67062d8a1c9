// Tells a person how a run goes: one line that is rewritten on a terminal, plain lines elsewhere.
#pragma once

#include "runtime/train/Trainer.h"
#include "tools/cli/CommandLine.h"

#include <chrono>
#include <optional>
#include <string>

namespace rondo::train {

// Everything goes to stderr. Plain lines come for the first step, about twenty times per run, and for every
// validation and checkpoint.
class Progress final : public rt::TrainingObserver {
public:
  // `text`: tokens are bytes, so that losses are also given in bits per byte.
  Progress(const cli::CommandLine &commandLine, uint64_t steps, bool text);
  ~Progress() override;

  void onStep(const rt::LogLine &line) override;
  void onValidation(uint64_t step, const rt::ValidationScore &score, bool isBest) override;
  void onCheckpoint(uint64_t step, const std::string &path) override;
  void onNote(const std::string &text) override;

  // Of this run alone; nothing before its first step or validation.
  const std::optional<rt::LogLine> &lastLine() const { return last_; }
  const std::optional<rt::ValidationScore> &lastScore() const { return score_; }
  double seconds() const;
  bool isText() const { return text_; }

private:
  std::string lineOf(const rt::LogLine &line) const;
  void say(const std::string &text);
  void eraseBar();

  const cli::CommandLine *commandLine_;
  uint64_t steps_, every_;
  bool text_, bar_;
  bool barIsUp_ = false;
  std::chrono::steady_clock::time_point start_, lastBar_;
  uint64_t firstStep_ = 0;
  std::optional<rt::LogLine> last_;
  std::optional<rt::ValidationScore> score_;
};

} // namespace rondo::train
