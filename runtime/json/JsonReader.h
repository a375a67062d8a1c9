// JSON as a stream of events, for the headers of files from strangers: nothing is built in memory, nesting
// costs no stack, and everything that strict JSON forbids is an error with its byte.
#pragma once

#include "runtime/status/Status.h"

#include <cstdint>
#include <string_view>

namespace rondo::rt {

// Receives the document in order. Views are valid during the call. The first error ends the reading.
class JsonEvents {
public:
  virtual ~JsonEvents() = default;
  virtual absl::Status startObject() = 0;
  virtual absl::Status endObject() = 0;
  virtual absl::Status startArray() = 0;
  virtual absl::Status endArray() = 0;
  virtual absl::Status key(std::string_view name) = 0;
  virtual absl::Status string(std::string_view value) = 0;
  virtual absl::Status natural(uint64_t value) = 0; // a plain non-negative integer below 2^64
  virtual absl::Status number() = 0;                // any other number
  virtual absl::Status literal() = 0;               // true, false, null
};

// The ids under which the caller's kind of file reports what is wrong with its text.
struct JsonErrors {
  ErrorId utf8;
  ErrorId syntax;
  ErrorId number; // a leading zero, or beyond the range of a double
};

// Reads one document that fills `text`, but for white space.
absl::Status readJson(std::string_view text, JsonEvents &events, const JsonErrors &errors,
                      const Place &place);

} // namespace rondo::rt
