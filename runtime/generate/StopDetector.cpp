// Stop tokens and stop strings in a stream of text.
#include "runtime/generate/StopDetector.h"

#include <algorithm>

namespace rondo::rt {
namespace {

// How many bytes at the end of `text` could be the beginning of `stop`.
size_t possibleStart(std::string_view text, std::string_view stop) {
  for (size_t length = std::min(text.size(), stop.size() - 1); length > 0; --length)
    if (text.substr(text.size() - length) == stop.substr(0, length))
      return length;
  return 0;
}

} // namespace

StopDetector::StopDetector(std::vector<int32_t> stopTokens, std::vector<std::string> stopStrings,
                           size_t maxTokenBytes)
    : stopTokens_(std::move(stopTokens)), stopStrings_(std::move(stopStrings)) {
  std::erase(stopStrings_, std::string());
  size_t longest = 0;
  for (const std::string &stop : stopStrings_)
    longest = std::max(longest, stop.size());
  held_.reserve(longest + maxTokenBytes);
  shown_.reserve(longest + maxTokenBytes);
}

std::string_view StopDetector::append(int32_t token, std::string_view text) {
  shown_.clear();
  if (stopped_)
    return shown_;
  if (std::find(stopTokens_.begin(), stopTokens_.end(), token) != stopTokens_.end()) {
    stopped_ = true;
    shown_ = held_; // it was no stop string after all
    return shown_;
  }
  held_ += text;
  size_t first = std::string::npos, keep = 0;
  for (const std::string &stop : stopStrings_) {
    first = std::min(first, held_.find(stop));
    keep = std::max(keep, possibleStart(held_, stop));
  }
  stopped_ = first != std::string::npos;
  size_t show = stopped_ ? first : held_.size() - keep;
  shown_.assign(held_, 0, show);
  held_.erase(0, show);
  return shown_;
}

} // namespace rondo::rt
