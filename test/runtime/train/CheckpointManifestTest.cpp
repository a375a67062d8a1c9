// Manifests are read exactly as they were written, and nothing else is read.
#include "runtime/train/CheckpointManifest.h"
#include "runtime/files/ContentHash.h"
#include "test/runtime/train/SampleRun.h"

#include <fstream>
#include <iterator>

namespace rondo::rt {
namespace {

CheckpointManifest sample() {
  return {SampleRun(200).progress,
          {{"weights.safetensors", {4096, 1}}, {"optimizer.safetensors", {0, ~0ull}}}};
}

// `text` without its hash, with the right one.
std::string sealed(std::string body) {
  body = body.substr(0, body.rfind("  \"xxh3\": "));
  return body + "  \"xxh3\": \"" + hashText(contentHash(body)) + "\"\n}\n";
}

std::string replaced(std::string text, const std::string &from, const std::string &to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

testing::AssertionResult isRefused(const std::string &text) {
  absl::StatusOr<CheckpointManifest> manifest = parseManifest(text, {"m"});
  if (!manifest.ok() && errorIdOf(manifest.status()) == ErrorId::CheckpointIncomplete &&
      placeOf(manifest.status()) == "m")
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << formatError(manifest.status()) << text;
}

TEST(CheckpointManifests, areReadAsTheyWereWritten) {
  CheckpointManifest manifest = sample();
  EXPECT_EQ(*parseManifest(formatManifest(manifest), {}), manifest);
  manifest.files["states.safetensors"] = {7, 8};
  manifest.progress.configuration.clear();
  manifest.progress.counters = {{"", ~0ull}, {"a", 0}};
  manifest.progress.cursor.streams.clear();
  EXPECT_EQ(*parseManifest(formatManifest(manifest), {}), manifest);
}

TEST(CheckpointManifests, haveTheFormThatTheirPageShows) {
  std::ifstream file(RONDO_SOURCE_DIR "/docs/format/checkpoint.md");
  std::string page((std::istreambuf_iterator<char>(file)), {});
  size_t begin = page.find("```json\n") + 8;
  std::string example = page.substr(begin, page.find("```", begin) - begin);
  absl::StatusOr<CheckpointManifest> manifest = parseManifest(example, {});
  ASSERT_TRUE(manifest.ok()) << formatError(manifest.status()) << sealed(example);
  EXPECT_EQ(manifest->progress.step, 200u);
  EXPECT_EQ(manifest->files.at("weights.safetensors").bytes, 4096u);
}

TEST(CheckpointManifests, areRefusedWhenCutAnywhere) {
  std::string text = formatManifest(sample());
  for (size_t size = 0; size < text.size(); ++size)
    EXPECT_TRUE(isRefused(text.substr(0, size)));
}

TEST(CheckpointManifests, areRefusedWithAnyBitFlipped) {
  const std::string text = formatManifest(sample());
  for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_TRUE(isRefused(flipped));
  }
}

// With the right hash: what an attacker would write.
TEST(CheckpointManifests, areRefusedInAnyOtherForm) {
  std::string text = formatManifest(sample());
  ASSERT_EQ(sealed(text), text);
  const std::pair<const char *, const char *> changes[] = {
      {"\"rondo.checkpoint\": 1", "\"rondo.checkpoint\": 2"},
      {"\"step\": 200", "\"step\": -200"},
      {"\"step\": 200", "\"step\": 200.0"},
      {"\"step\": 200", "\"step\": 0200"},
      {"\"step\": 200", "\"step\": 18446744073709551616"},
      {"\"step\": 200", "\"step\": 200, \"step\": 200"},
      {"\"step\": 200", "\"step\": [200]"},
      {"\"step\": 200", "\"step\": null"},
      {"\"step\": 200,\n", ""},
      {"\"step\"", "\"steps\""},
      {"\"step\": 200", "\"step\":  200"},
      {"[200, 400]", "[200, [400]]"},
      {"[200, 400]", "[200, \"400\"]"},
      {"[200, 400]", "[200, {}]"},
      {"[200, 400]", "{}"},
      {"\"batch\": \"8\"", "\"batch\": 8"},
      {"\"batch\": \"8\"", "\"batch\": {}"},
      {"\"tokens\": 200000", "\"tokens\": \"200000\""},
      {"\"0123456789abcdef\"", "\"0123456789ABCDEF\""},
      {"\"0123456789abcdef\"", "\"123456789abcdef\""},
      {"\"bytes\": 4096", "\"bytes\": {\"bytes\": 4096}"},
      {"\"bytes\": 4096, ", ""},
      {"\"weights.safetensors\"", "\"../weights.safetensors\""},
      {"\"weights.safetensors\"", "\"other.safetensors\""},
      {"{\n", "[{\n"},
  };
  for (auto [from, to] : changes)
    EXPECT_TRUE(isRefused(sealed(replaced(text, from, to)))) << to;
}

TEST(CheckpointManifests, areRefusedWithoutBothFilesThatAreAlwaysThere) {
  for (const char *name : {"weights.safetensors", "optimizer.safetensors"}) {
    CheckpointManifest manifest = sample();
    manifest.files.erase(name);
    EXPECT_TRUE(isRefused(formatManifest(manifest)));
  }
}

TEST(CheckpointManifests, areRefusedWhenHuge) {
  CheckpointManifest manifest = sample();
  manifest.progress.configuration["x"] = std::string(kMaxManifestBytes, 'x');
  EXPECT_TRUE(isRefused(formatManifest(manifest)));
}

} // namespace
} // namespace rondo::rt
