// Lines of JSON, appended and cut.
#include "runtime/train/TrainingLog.h"

#include "absl/strings/str_cat.h"
#include "runtime/files/AtomicFile.h"
#include "runtime/files/InputFile.h"
#include "runtime/json/JsonText.h"

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace rondo::rt {
namespace {

constexpr uint64_t kMostBytes = uint64_t{1} << 32;

// Exact and without exponent, so that every tool can read it.
template <typename T> std::string plainDecimal(T value) {
  if (!std::isfinite(value))
    return "null";
  char text[512]; // the largest double has 309 digits, the smallest 325 places
  std::to_chars_result end = std::to_chars(text, text + sizeof(text), value, std::chars_format::fixed);
  return std::string(text, end.ptr);
}

std::string headText(const LogHead &head) {
  std::string text = "{\"configuration\": {";
  for (const auto &[key, value] : head.configuration) {
    absl::StrAppend(&text, text.back() == '{' ? "" : ", ");
    appendJsonString(text, key);
    text += ": ";
    appendJsonString(text, value);
  }
  absl::StrAppend(&text, "}, \"data_hash\": \"", absl::Hex(head.dataHash, absl::kZeroPad16),
                  "\", \"model_hash\": \"", absl::Hex(head.modelHash, absl::kZeroPad16), "\"}\n");
  return text;
}

std::string lineText(const LogLine &line) {
  std::string text =
      absl::StrCat("{\"step\": ", line.step, ", \"loss\": ", plainDecimal(line.loss),
                   ", \"lr\": ", plainDecimal(line.learningRate),
                   ", \"grad_norm\": ", plainDecimal(line.gradientNorm), ", \"tokens\": ", line.tokens,
                   ", \"tokens_per_s\": ", plainDecimal(std::round(line.tokensPerSecond * 10) / 10),
                   ", \"peak_bytes\": ", line.peakBytes);
  if (line.validationLoss)
    absl::StrAppend(&text, ", \"val_loss\": ", plainDecimal(*line.validationLoss));
  return text + "}\n";
}

// The number behind `key` in a line of ours; nothing if there is none (null, or another text).
template <typename T> std::optional<T> numberAfter(std::string_view line, std::string_view key) {
  size_t at = line.find(key);
  if (at == std::string_view::npos)
    return std::nullopt;
  T value;
  const char *begin = line.data() + at + key.size();
  std::from_chars_result result = std::from_chars(begin, line.data() + line.size(), value);
  return result.ec == std::errc() ? std::optional(value) : std::nullopt;
}

void addToHistory(std::string_view line, uint64_t step, LossHistory &history) {
  if (std::optional<double> loss = numberAfter<double>(line, "\"loss\": "))
    history.training.push_back({step, *loss});
  if (std::optional<double> loss = numberAfter<double>(line, "\"val_loss\": "))
    history.validation.push_back({step, *loss});
}

// The whole lines of steps up to `step`, in order, each step once; their losses go to `history`.
std::string linesUpTo(std::string_view old, uint64_t step, LossHistory &history) {
  std::string kept;
  uint64_t last = 0;
  for (size_t end; (end = old.find('\n')) != std::string_view::npos; old.remove_prefix(end + 1)) {
    std::string_view line = old.substr(0, end + 1);
    constexpr std::string_view kStart = "{\"step\": ";
    if (line.substr(0, kStart.size()) != kStart || line.size() < 2 || line[line.size() - 2] != '}')
      continue; // the head, or no line of ours
    std::optional<uint64_t> found = numberAfter<uint64_t>(line, kStart);
    if (!found || *found <= last || *found > step)
      continue;
    last = *found;
    kept += line;
    addToHistory(line, last, history);
  }
  return kept;
}

// What the file holds; nothing if it cannot be read, or is none.
AlignedBuffer readOld(const std::string &path) {
  absl::StatusOr<InputFile> file = InputFile::open(path);
  if (!file.ok())
    return {};
  absl::StatusOr<AlignedBuffer> bytes = file->readAll(kMostBytes, ErrorId::FileMissing, ErrorId::FileMissing);
  return bytes.ok() ? *std::move(bytes) : AlignedBuffer();
}

absl::Span<const uint8_t> bytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

} // namespace

absl::StatusOr<TrainingLog> TrainingLog::open(const std::string &path, const LogHead &head, uint64_t step) {
  TrainingLog log;
  log.path_ = path;
  std::string text = headText(head);
  if (step > 0) {
    AlignedBuffer old = readOld(path);
    text += linesUpTo({reinterpret_cast<const char *>(old.data()), old.size()}, step, log.history_);
  }
  RONDO_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(path));
  RONDO_RETURN_IF_ERROR(file.write(bytesOf(text)));
  RONDO_RETURN_IF_ERROR(file.commit());
  log.bytes_ = text.size();
  log.descriptor_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (log.descriptor_ < 0)
    return log.failure();
  return log;
}

TrainingLog::TrainingLog(TrainingLog &&other) noexcept { *this = std::move(other); }

TrainingLog &TrainingLog::operator=(TrainingLog &&other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  std::swap(bytes_, other.bytes_);
  std::swap(history_, other.history_);
  return *this;
}

TrainingLog::~TrainingLog() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

absl::Status TrainingLog::failure() const {
  return makeError(ErrorId::WriteFailed, absl::StrCat("cannot write the log: ", std::strerror(errno)),
                   {path_});
}

absl::Status TrainingLog::append(const LogLine &line) {
  std::string text = lineText(line);
  addToHistory(text, line.step, history_);
  for (std::string_view rest = text; !rest.empty();) {
    ssize_t count = ::write(descriptor_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return failure();
    rest.remove_prefix(static_cast<size_t>(count));
    bytes_ += static_cast<uint64_t>(count);
  }
  return absl::OkStatus();
}

absl::Status TrainingLog::sync() { return ::fsync(descriptor_) == 0 ? absl::OkStatus() : failure(); }

} // namespace rondo::rt
