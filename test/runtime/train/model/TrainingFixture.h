// A session of the model that learns, and data for it.
#pragma once

#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/exec/Session.h"
#include "runtime/train/Corpus.h"
#include "runtime/train/DocumentSet.h"
#include "test/runtime/files/TemporaryFolder.h"
#include "test/runtime/train/model/TrainingModel.h"

#include <memory>
#include <string>
#include <vector>

namespace rondo::rt {

class TrainingFixture : public TemporaryFolder {
protected:
  std::unique_ptr<Session> open(const test::TrainingModelOptions &options = {}, uint64_t seed = 1) {
    std::string bytes = test::trainingModel(options);
    auto package =
        Package::fromBytes({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}, "m.rondo");
    EXPECT_TRUE(package.ok()) << formatError(package.status());
    auto session = Session::create(*std::move(package), createCpuDevice(1));
    EXPECT_TRUE(session.ok()) << formatError(session.status());
    (*session)->parameters().initialise(seed);
    return *std::move(session);
  }

  // Texts as documents of a corpus.
  Corpus corpusOf(const std::vector<std::string> &texts) {
    static int count = 0;
    std::string name = "data-" + std::to_string(count++);
    std::filesystem::create_directory(path(name));
    for (size_t i = 0; i < texts.size(); ++i)
      put(name + "/" + std::to_string(1000 + i), texts[i]);
    return *Corpus::open(*listDataFiles({path(name)}), 256);
  }

  // Text that two bytes of context predict well.
  static std::string rhyme(size_t lines) {
    std::string text;
    for (size_t i = 0; i < lines; ++i)
      text += i % 3 == 0 ? "the cat sat on the mat, " : i % 3 == 1 ? "and that was that. " : "a dog ran by; ";
    return text;
  }

  static DocumentSet all(const Corpus &corpus) { return DocumentSet(corpus.documentStarts()); }

  static std::vector<float> weights(Session &session) {
    std::vector<float> values;
    for (size_t i = 0; i < session.parameters().size(); ++i) {
      absl::Span<const float> storage = session.parameters().storage(i);
      values.insert(values.end(), storage.begin(), storage.end());
    }
    return values;
  }
};

} // namespace rondo::rt
