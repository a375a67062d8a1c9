// Manifests as text, and back.
#include "runtime/train/CheckpointManifest.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/files/ContentHash.h"
#include "runtime/files/Utf8.h"
#include "runtime/json/JsonReader.h"
#include "runtime/json/JsonText.h"

#include <algorithm>
#include <array>

namespace rondo::rt {
namespace {

constexpr uint64_t kVersion = 1;
constexpr std::string_view kVersionKey = "rondo.checkpoint", kModelKey = "model", kHashKey = "xxh3";

absl::Status incomplete(std::string_view message) {
  return makeError(ErrorId::CheckpointIncomplete, message);
}

// The numbers that are members of the manifest itself, in the order of the text; `streams` is between them.
struct Number {
  std::string_view key;
  uint64_t *value;
};
std::array<Number, 5> numbersOf(TrainingProgress &progress) {
  return {{{"step", &progress.step},
           {"seed", &progress.seed},
           {"epoch", &progress.cursor.epoch},
           {"index", &progress.cursor.index},
           {"log_bytes", &progress.logBytes}}};
}

// --- writing ---

void appendKey(std::string &out, std::string_view indent, std::string_view key) {
  out += indent;
  appendJsonString(out, key);
  out += ": ";
}

// A member whose value is a map, a line for each entry.
template <typename Map, typename AppendValue>
void appendMap(std::string &out, std::string_view key, const Map &map, AppendValue appendValue) {
  appendKey(out, "  ", key);
  out += '{';
  std::string_view separator = "\n";
  for (const auto &[name, value] : map) {
    out += separator;
    appendKey(out, "    ", name);
    appendValue(value);
    separator = ",\n";
  }
  out += map.empty() ? "},\n" : "\n  },\n";
}

// All but the last member and what closes the text.
std::string formatBody(const CheckpointManifest &manifest) {
  TrainingProgress progress = manifest.progress;
  std::string out = "{\n";
  auto appendLine = [&](std::string_view key, const std::string &value) {
    appendKey(out, "  ", key);
    absl::StrAppend(&out, value, ",\n");
  };
  appendLine(kVersionKey, absl::StrCat(kVersion));
  appendLine(kModelKey, absl::StrCat("\"", hashText(progress.modelHash), "\""));
  for (const Number &number : numbersOf(progress))
    appendLine(number.key, absl::StrCat(*number.value));
  appendLine("streams", absl::StrCat("[", absl::StrJoin(progress.cursor.streams, ", "), "]"));
  appendMap(out, "configuration", progress.configuration,
            [&](const std::string &text) { appendJsonString(out, text); });
  appendMap(out, "counters", progress.counters, [&](uint64_t value) { absl::StrAppend(&out, value); });
  appendMap(out, "files", manifest.files, [&](const CheckpointManifest::File &file) {
    absl::StrAppend(&out, "{\"bytes\": ", file.bytes, ", \"xxh3\": \"", hashText(file.hash), "\"}");
  });
  return out;
}

// What follows a body.
std::string formatTail(std::string_view body) {
  return absl::StrCat("  \"", std::string(kHashKey), "\": \"", hashText(contentHash(body)), "\"\n}\n");
}

// --- reading ---

// 16 lower-case hexadecimal digits.
std::optional<uint64_t> parseHash(std::string_view text) {
  uint64_t value = 0;
  for (char c : text)
    value = value << 4 | static_cast<uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  return hashText(value) == text ? std::optional(value) : std::nullopt;
}

// Takes what it knows and refuses what it does not. Order, white space, repetition and absence are left to
// the comparison with the manifest's own text.
class ManifestEvents final : public JsonEvents {
public:
  CheckpointManifest manifest;

  absl::Status startObject() override {
    bool expected = depth == 0 || (depth == 1 && (at("configuration") || at("counters") || at("files"))) ||
                    (depth == 2 && keys[0] == "files");
    if (!expected || inStreams)
      return unexpected();
    ++depth;
    return absl::OkStatus();
  }
  absl::Status endObject() override {
    --depth;
    return absl::OkStatus();
  }
  absl::Status startArray() override {
    if (depth != 1 || !at("streams") || inStreams)
      return unexpected();
    inStreams = true;
    return absl::OkStatus();
  }
  absl::Status endArray() override {
    inStreams = false;
    return absl::OkStatus();
  }
  absl::Status key(std::string_view name) override {
    keys[depth - 1] = name;
    return absl::OkStatus();
  }
  absl::Status string(std::string_view text) override {
    if (depth == 1 && at(kModelKey))
      return readHash(text, manifest.progress.modelHash);
    if (depth == 1 && at(kHashKey))
      return absl::OkStatus(); // checked before
    if (depth == 2 && keys[0] == "configuration") {
      manifest.progress.configuration.emplace(keys[1], text);
      return absl::OkStatus();
    }
    if (depth == 3 && at(kHashKey))
      return readHash(text, manifest.files[keys[1]].hash);
    return unexpected();
  }
  absl::Status natural(uint64_t value) override {
    if (inStreams) {
      manifest.progress.cursor.streams.push_back(value);
      return absl::OkStatus();
    }
    if (depth == 2 && keys[0] == "counters") {
      manifest.progress.counters.emplace(keys[1], value);
      return absl::OkStatus();
    }
    if (depth == 3 && at("bytes")) {
      manifest.files[keys[1]].bytes = value;
      return absl::OkStatus();
    }
    return depth == 1 ? member(value) : unexpected();
  }
  absl::Status number() override { return unexpected(); }
  absl::Status literal() override { return unexpected(); }

private:
  bool at(std::string_view key) const { return keys[depth - 1] == key; }

  absl::Status member(uint64_t value) {
    if (at(kVersionKey))
      return value == kVersion
                 ? absl::OkStatus()
                 : incomplete(absl::StrCat("expected a checkpoint of version 1, found ", value));
    for (const Number &number : numbersOf(manifest.progress))
      if (at(number.key)) {
        *number.value = value;
        return absl::OkStatus();
      }
    return unexpected();
  }
  absl::Status readHash(std::string_view text, uint64_t &target) const {
    std::optional<uint64_t> hash = parseHash(text);
    target = hash.value_or(0);
    return hash ? absl::OkStatus() : incomplete("expected a hash of 16 hexadecimal digits in the manifest");
  }
  absl::Status unexpected() const {
    return incomplete("expected a checkpoint's manifest, found other members");
  }

  size_t depth = 0; // of objects
  bool inStreams = false;
  std::array<std::string, 3> keys; // the last at each depth
};

// The files are the three of a checkpoint, so no name leads anywhere else.
absl::Status checkFiles(const CheckpointManifest &manifest) {
  for (const auto &[name, file] : manifest.files)
    if (name != kWeightsFile && name != kOptimizerFile && name != kStatesFile)
      return incomplete("the manifest names a file that no checkpoint has");
  for (std::string_view name : {kWeightsFile, kOptimizerFile})
    if (!manifest.files.count(std::string(name)))
      return incomplete(absl::StrCat("the manifest lacks ", std::string(name)));
  return absl::OkStatus();
}

absl::StatusOr<CheckpointManifest> parse(std::string_view text) {
  if (text.size() > kMaxManifestBytes)
    return incomplete(
        absl::StrCat("expected a manifest of at most ", kMaxManifestBytes, " bytes, found ", text.size()));
  size_t tail = formatTail("").size();
  std::string_view body = text.substr(0, text.size() - std::min(tail, text.size()));
  if (text.substr(body.size()) != formatTail(body))
    return incomplete("the manifest does not match its hash");
  ManifestEvents events;
  constexpr ErrorId kBad = ErrorId::CheckpointIncomplete;
  RONDO_RETURN_IF_ERROR(readJson(text, events, {kBad, kBad, kBad}, {}));
  if (formatManifest(events.manifest) != text)
    return incomplete("expected a manifest as Rondo writes it, found other text");
  RONDO_RETURN_IF_ERROR(checkFiles(events.manifest));
  return std::move(events.manifest);
}

} // namespace

std::string formatManifest(const CheckpointManifest &manifest) {
  std::string body = formatBody(manifest);
  return body + formatTail(body);
}

absl::StatusOr<CheckpointManifest> parseManifest(std::string_view text, const Place &place) {
  absl::StatusOr<CheckpointManifest> manifest = parse(text);
  if (!manifest.ok())
    return withPlace(manifest.status(), place);
  return manifest;
}

} // namespace rondo::rt
