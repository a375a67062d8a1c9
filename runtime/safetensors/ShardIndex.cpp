// Parsing of shard indices.
#include "runtime/safetensors/ShardIndex.h"

#include "absl/strings/str_cat.h"
#include "runtime/json/JsonReader.h"
#include "runtime/safetensors/Header.h"

namespace rondo::rt::safetensors {
namespace {

absl::Status malformed(const std::string &message) { return makeError(ErrorId::BadIndexFile, message); }

// Collects weight_map; `depth` counts open objects and lists, so that anything else is skipped without
// recursion.
class IndexEvents final : public JsonEvents {
public:
  std::map<std::string, std::string> map;
  bool hasMap = false;

  absl::Status startObject() override {
    if (depth == 1 && atMap)
      hasMap = inMap = true;
    else if (inMap)
      return unexpected();
    ++depth;
    return absl::OkStatus();
  }
  absl::Status endObject() override {
    inMap = false;
    --depth;
    return absl::OkStatus();
  }
  absl::Status startArray() override {
    if (depth == 0 || inMap || (depth == 1 && atMap))
      return unexpected();
    ++depth;
    return absl::OkStatus();
  }
  absl::Status endArray() override {
    --depth;
    return absl::OkStatus();
  }
  absl::Status key(std::string_view name) override {
    if (inMap)
      tensor = name;
    else if (depth == 1 && (atMap = name == "weight_map") && hasMap)
      return malformed("weight_map appears twice");
    return absl::OkStatus();
  }
  absl::Status string(std::string_view text) override {
    if (!inMap)
      return scalar();
    if (!isPlainName(text))
      return makeError(ErrorId::PathEscape, absl::StrCat("expected a plain file name of ", quotedName(tensor),
                                                         ", found ", quotedName(text)));
    if (map.size() == kMaxTensors)
      return makeError(ErrorId::TooManyTensors, absl::StrCat("expected at most ", kMaxTensors, " tensors"));
    if (!map.emplace(tensor, text).second)
      return malformed(absl::StrCat("tensor ", quotedName(tensor), " appears twice"));
    return absl::OkStatus();
  }
  absl::Status natural(uint64_t) override { return scalar(); }
  absl::Status number() override { return scalar(); }
  absl::Status literal() override { return scalar(); }

private:
  absl::Status scalar() const {
    return depth == 0 || inMap || (depth == 1 && atMap) ? unexpected() : absl::OkStatus();
  }
  absl::Status unexpected() const {
    return malformed("expected an object whose weight_map is a map of strings, found something else");
  }

  uint64_t depth = 0;
  bool atMap = false; // the last key of the document was weight_map
  bool inMap = false;
  std::string tensor;
};

} // namespace

bool isPlainName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == name.npos;
}

absl::StatusOr<std::map<std::string, std::string>> parseShardIndex(std::string_view json,
                                                                   const Place &place) {
  IndexEvents events;
  constexpr ErrorId kBad = ErrorId::BadIndexFile;
  RONDO_RETURN_IF_ERROR(readJson(json, events, {kBad, kBad, kBad}, place));
  if (!events.hasMap)
    return makeError(kBad, "expected a weight_map, found none", place);
  return std::move(events.map);
}

} // namespace rondo::rt::safetensors
