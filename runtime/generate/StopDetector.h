// When generation ends: at a stop token, or when the text holds a stop string.
#pragma once

#include "absl/types/span.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::rt {

// Text that may be the beginning of a stop string is held back until it is known not to be one; the stop
// string itself is never handed out. Allocates nothing after construction while tokens have at most
// `maxTokenBytes` bytes.
class StopDetector {
public:
  StopDetector(std::vector<int32_t> stopTokens, std::vector<std::string> stopStrings, size_t maxTokenBytes);

  // Takes the next token and its text; returns the text that can be shown now, valid until the next call.
  std::string_view append(int32_t token, std::string_view text);

  // The text still held back, when generation ends for another reason.
  std::string_view finish() const { return stopped_ ? std::string_view() : std::string_view(held_); }

  bool stopped() const { return stopped_; }

private:
  std::vector<int32_t> stopTokens_;
  std::vector<std::string> stopStrings_; // none empty
  std::string held_;
  std::string shown_;
  bool stopped_ = false;
};

} // namespace rondo::rt
