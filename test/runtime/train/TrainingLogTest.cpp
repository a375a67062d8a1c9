// The log: its text, and how a resumed run cuts it.
#include "runtime/train/TrainingLog.h"

#include "test/runtime/files/TemporaryFolder.h"

#include <cmath>
#include <limits>

namespace rondo::rt {
namespace {

const LogHead kHead = {{{"lr", "0.001"}, {"text", "a \"b\""}}, 0x123, 0xFEDCBA9876543210};
const std::string kHeadText =
    "{\"configuration\": {\"lr\": \"0.001\", \"text\": \"a \\\"b\\\"\"}, \"data_hash\": "
    "\"0000000000000123\", \"model_hash\": \"fedcba9876543210\"}\n";

class TrainingLogTest : public TemporaryFolder {
protected:
  std::string name() { return path("log.jsonl"); }
  TrainingLog open(uint64_t step) { return *TrainingLog::open(name(), kHead, step); }
  void write(TrainingLog &log, uint64_t first, uint64_t last) {
    for (uint64_t step = first; step <= last; ++step) {
      LogLine line = {.step = step, .loss = 5.0f - static_cast<float>(step), .tokens = 10 * step};
      if (step % 2 == 0)
        line.validationLoss = 6.0 - static_cast<double>(step);
      ASSERT_TRUE(log.append(line).ok());
    }
  }
};

TEST_F(TrainingLogTest, writesPlainDecimals) {
  TrainingLog log = open(0);
  ASSERT_TRUE(log.append({.step = 1,
                          .loss = 5.55f,
                          .learningRate = 1e-7f,
                          .gradientNorm = 3e12f,
                          .tokens = 4096,
                          .tokensPerSecond = 51234.56,
                          .peakBytes = 1 << 20})
                  .ok());
  ASSERT_TRUE(log.append({.step = 2,
                          .loss = std::numeric_limits<float>::quiet_NaN(),
                          .gradientNorm = std::numeric_limits<float>::infinity(),
                          .validationLoss = 2.5})
                  .ok());
  ASSERT_TRUE(log.sync().ok());
  std::string text = get(name());
  EXPECT_EQ(
      text,
      kHeadText +
          "{\"step\": 1, \"loss\": 5.55, \"lr\": 0.0000001, \"grad_norm\": 3000000053248, \"tokens\": 4096, "
          "\"tokens_per_s\": 51234.6, \"peak_bytes\": 1048576}\n"
          "{\"step\": 2, \"loss\": null, \"lr\": 0, \"grad_norm\": null, \"tokens\": 0, "
          "\"tokens_per_s\": 0, \"peak_bytes\": 0, \"val_loss\": 2.5}\n");
  EXPECT_EQ(log.bytes(), text.size());
}

TEST_F(TrainingLogTest, writesTheSmallestAndLargestNumbers) {
  TrainingLog log = open(0);
  ASSERT_TRUE(log.append({.step = 1,
                          .loss = std::numeric_limits<float>::denorm_min(),
                          .learningRate = std::numeric_limits<float>::denorm_min(),
                          .gradientNorm = std::numeric_limits<float>::max(),
                          .tokensPerSecond = 1e300})
                  .ok());
  std::string line = get(name()).substr(kHeadText.size());
  for (size_t at = 0; (at = line.find(": ", at)) != std::string::npos; ++at)
    EXPECT_EQ(line.find_first_not_of("0123456789.", at + 2), line.find_first_of(",}", at + 2)) << line;
  EXPECT_EQ(static_cast<float>(log.history().training[0].loss), std::numeric_limits<float>::denorm_min());
}

TEST_F(TrainingLogTest, resumesWithEachStepOnce) {
  std::string whole;
  {
    TrainingLog log = open(0);
    write(log, 1, 7);
    whole = get(name());
  }
  for (uint64_t step : {7, 4, 1}) {
    TrainingLog log = open(step);
    EXPECT_EQ(log.bytes(), get(name()).size());
    EXPECT_EQ(log.history().training.size(), step);
    EXPECT_EQ(log.history().validation.size(), step / 2);
    write(log, step + 1, 7);
    EXPECT_EQ(get(name()), whole);
    EXPECT_EQ(log.history().training.back().step, 7u);
    EXPECT_EQ(log.history().validation.back().loss, 0.0);
  }
}

TEST_F(TrainingLogTest, startsAnewAtStepZero) {
  {
    TrainingLog log = open(0);
    write(log, 1, 3);
  }
  TrainingLog log = open(0);
  EXPECT_EQ(get(name()), kHeadText);
}

TEST_F(TrainingLogTest, leavesOutWhatIsNoWholeLine) {
  std::string good;
  {
    TrainingLog log = open(0);
    write(log, 1, 3);
    good = get(name());
  }
  put("log.jsonl", good + good.substr(kHeadText.size()) + "noise\n{\"step\": }\n{\"step\": 4, \"loss\": 1");
  TrainingLog log = open(9);
  EXPECT_EQ(get(name()), good);
}

TEST_F(TrainingLogTest, startsWithoutAnOldLog) {
  TrainingLog log = open(5);
  EXPECT_EQ(get(name()), kHeadText);
  EXPECT_TRUE(log.history().training.empty());
}

TEST_F(TrainingLogTest, saysWhereItCannotWrite) {
  absl::Status status = TrainingLog::open(path("no/folder/log.jsonl"), kHead, 0).status();
  EXPECT_EQ(errorIdOf(status), ErrorId::WriteFailed);
}

} // namespace
} // namespace rondo::rt
