// Progress of a run on stderr.
#include "tools/rondo-train/Progress.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace rondo::train {
namespace {

constexpr uint64_t kPlainLines = 20;
constexpr std::chrono::milliseconds kBarInterval(100);

std::string timeText(double seconds) {
  auto whole = static_cast<uint64_t>(std::clamp(seconds, 0.0, 3.6e9));
  return whole < 3600 ? absl::StrFormat("%d:%02d", whole / 60, whole % 60)
                      : absl::StrFormat("%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
}

} // namespace

Progress::Progress(const cli::CommandLine &commandLine, uint64_t steps, bool text)
    : commandLine_(&commandLine), steps_(steps), every_((steps + kPlainLines - 1) / kPlainLines), text_(text),
      bar_(!commandLine.quiet() && ::isatty(STDERR_FILENO) == 1 && !std::getenv("CI")),
      start_(std::chrono::steady_clock::now()), lastBar_(start_ - kBarInterval) {}

Progress::~Progress() { eraseBar(); }

double Progress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Progress::eraseBar() {
  if (barIsUp_)
    std::fputs("\r\x1B[K", stderr);
  barIsUp_ = false;
}

void Progress::say(const std::string &text) {
  eraseBar();
  commandLine_->note(text);
}

std::string Progress::lineOf(const rt::LogLine &line) const {
  double perStep = seconds() / static_cast<double>(line.step - firstStep_ + 1);
  return absl::StrFormat("step %d of %d: loss %.4f, rate %.2e, gradient %.2f, %.0f tokens/s, %s left",
                         line.step, steps_, line.loss, line.learningRate, line.gradientNorm,
                         line.tokensPerSecond, timeText(perStep * static_cast<double>(steps_ - line.step)));
}

void Progress::onStep(const rt::LogLine &line) {
  if (!last_)
    firstStep_ = line.step;
  last_ = line;
  if (!bar_) {
    if (line.step == firstStep_ || line.step % every_ == 0 || line.step == steps_)
      commandLine_->note(lineOf(line));
    return;
  }
  auto now = std::chrono::steady_clock::now();
  if (now - lastBar_ < kBarInterval && line.step != steps_)
    return;
  lastBar_ = now;
  eraseBar();
  std::fputs(lineOf(line).c_str(), stderr);
  barIsUp_ = true;
}

void Progress::onValidation(uint64_t step, const rt::ValidationScore &score, bool isBest) {
  score_ = score;
  say(absl::StrFormat("step %d: validation loss %.4f%s%s", step, score.loss(),
                      text_ ? absl::StrFormat(", %.3f bits per byte", score.bitsPerToken()) : "",
                      isBest ? ", the best so far" : ""));
}

void Progress::onCheckpoint(uint64_t step, const std::string &path) {
  say(absl::StrCat("step ", step, ": saved ", path));
}

void Progress::onNote(const std::string &text) { say("note: " + text); }

} // namespace rondo::train
