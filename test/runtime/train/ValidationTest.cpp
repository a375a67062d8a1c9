// Validation scores against the formula, whatever lanes and stretches documents fall into.
#include "runtime/train/Validation.h"

#include "test/runtime/train/model/TrainingFixture.h"

#include <algorithm>
#include <cmath>

namespace rondo::rt {
namespace {

class ValidationTest : public TrainingFixture {
protected:
  // -log p of a document under the model, in double.
  static double nats(Session &session, const std::string &text) {
    absl::Span<const float> table = session.parameters().storage(0),
                            previous = session.parameters().storage(1);
    double sum = 0;
    for (size_t t = 0; t + 1 < text.size(); ++t) {
      double logits[256], total = 0;
      for (size_t v = 0; v < 256; ++v) {
        logits[v] = table[static_cast<uint8_t>(text[t]) * 256 + v];
        if (size_t before = t > 0 ? static_cast<uint8_t>(text[t - 1]) : 0; t > 0)
          logits[v] += previous[(before / 16 * 256 + v) * 16 + before % 16];
        total += std::exp(logits[v]);
      }
      sum -= logits[static_cast<uint8_t>(text[t + 1])] - std::log(total);
    }
    return sum;
  }
  ValidationScore score(Session &session, Corpus &corpus, uint64_t limit = 0) {
    auto validation = Validation::create(session, corpus, all(corpus), limit);
    EXPECT_TRUE(validation.ok()) << formatError(validation.status());
    absl::StatusOr<ValidationScore> result = (*validation)->score();
    EXPECT_TRUE(result.ok()) << formatError(result.status());
    return *result;
  }
};

TEST_F(ValidationTest, agreesWithTheFormula) {
  auto session = open();
  // Shorter than a stretch, one stretch, one more token, several stretches.
  std::vector<std::string> texts = {"ab",    rhyme(1).substr(0, 16), rhyme(1).substr(0, 17), rhyme(9), "x",
                                    rhyme(4)};
  Corpus corpus = corpusOf(texts);
  double expected = 0;
  uint64_t targets = 0;
  for (const std::string &text : texts) {
    expected += nats(*session, text);
    targets += text.size() - 1;
  }
  ValidationScore result = score(*session, corpus);
  EXPECT_EQ(result.targets, targets);
  EXPECT_NEAR(result.nats, expected, 1e-5 * expected);
  EXPECT_NEAR(result.bitsPerToken(), result.loss() / std::log(2), 1e-9);
}

TEST_F(ValidationTest, looksAtTheFirstTokens) {
  auto session = open();
  std::string text = rhyme(9);
  Corpus corpus = corpusOf({text, rhyme(3)}), start = corpusOf({text.substr(0, 50)});
  ValidationScore limited = score(*session, corpus, 50), whole = score(*session, start);
  EXPECT_EQ(limited.targets, 49u);
  EXPECT_EQ(limited.nats, whole.nats);
  Corpus two = corpusOf({text, text.substr(0, 9)});
  EXPECT_EQ(score(*session, corpus, text.size() + 9).nats, score(*session, two).nats);
}

TEST_F(ValidationTest, givesStatesBack) {
  auto session = open();
  Corpus corpus = corpusOf({rhyme(9), rhyme(5), rhyme(2)});
  for (uint64_t slot : {0, 1, 2})
    *reinterpret_cast<float *>(session->states().bytes(0, slot).data()) = 40.0f + static_cast<float>(slot);
  session->states().setPosition(1, 7);
  score(*session, corpus);
  for (uint64_t slot : {0, 1, 2})
    EXPECT_EQ(*reinterpret_cast<float *>(session->states().bytes(0, slot).data()),
              40.0f + static_cast<float>(slot));
  EXPECT_EQ(session->states().position(1), 7);
}

TEST_F(ValidationTest, isTheSameEveryTime) {
  auto session = open();
  Corpus corpus = corpusOf({rhyme(9), rhyme(5), rhyme(2)});
  auto validation = *Validation::create(*session, corpus, all(corpus), 0);
  EXPECT_EQ(validation->score()->nats, validation->score()->nats);
}

TEST_F(ValidationTest, needsAnEntryAndData) {
  auto without = open({.score = false}), session = open();
  Corpus corpus = corpusOf({"x", "y"}), text = corpusOf({"xy"});
  EXPECT_EQ(*Validation::create(*without, text, all(text), 0), nullptr);
  EXPECT_EQ(errorIdOf(Validation::create(*session, corpus, all(corpus), 0).status()), ErrorId::NoData);
}

} // namespace
} // namespace rondo::rt
