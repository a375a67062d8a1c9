// Whole runs: they learn, resume exactly, keep what they promise, and end well when they go wrong.
#include "runtime/train/Trainer.h"

#include "test/runtime/train/model/TrainingFixture.h"

#include <cmath>
#include <limits>

namespace rondo::rt {
namespace {

struct Recorder final : TrainingObserver {
  void onStep(const LogLine &line) override {
    lines.push_back(line);
    if (interruptAt == line.step)
      interrupt = true;
  }
  void onValidation(uint64_t step, const ValidationScore &, bool isBest) override {
    validations.push_back(step);
    if (isBest)
      best = step;
  }
  void onCheckpoint(uint64_t step, const std::string &) override { checkpoints.push_back(step); }
  void onNote(const std::string &text) override { notes += text + "\n"; }

  std::vector<LogLine> lines;
  std::vector<uint64_t> validations, checkpoints;
  uint64_t best = 0, interruptAt = 0;
  std::atomic<bool> interrupt = false;
  std::string notes;
};

class TrainerTest : public TrainingFixture {
protected:
  void SetUp() override {
    TrainingFixture::SetUp();
    corpus.emplace(corpusOf({rhyme(60), rhyme(11), rhyme(23)}));
    validation.emplace(corpusOf({rhyme(8)}));
  }
  TrainerOptions options(const char *name, uint64_t steps) {
    TrainerOptions result;
    result.folder = path(name);
    result.steps = steps;
    result.saveEvery = 4;
    result.evaluateEvery = 5;
    result.seed = 3;
    result.rate = {0.02, RateSchedule::Cosine, 0.1, 40};
    result.weightDecay = 0.01f;
    result.clip = 1;
    return result;
  }
  // Trains in a session of its own, from the newest checkpoint if there is one.
  absl::Status train(const TrainerOptions &options, Recorder &recorder, bool resume = false) {
    session = open(model, options.seed);
    if (spoil)
      spoil(*session);
    TrainingData checked;
    if (validates)
      checked = {&*validation, all(*validation)};
    RONDO_ASSIGN_OR_RETURN(std::unique_ptr<Trainer> trainer,
                           Trainer::create(*session, {&*corpus, all(*corpus)}, checked, options, recorder));
    if (resume) {
      RONDO_ASSIGN_OR_RETURN(std::optional<FoundCheckpoint> found, findLatestCheckpoint(options.folder));
      if (found)
        RONDO_RETURN_IF_ERROR(trainer->restore(*found));
    }
    return trainer->run(&recorder.interrupt);
  }
  std::string file(const char *folder, const char *name) { return get(path(folder) + "/" + name); }
  // The log without what the clock and the process decide.
  std::string logOf(const char *folder) {
    std::string log = file(folder, "log.jsonl"), out;
    for (size_t at = 0, end; (end = log.find('\n', at)) != std::string::npos; at = end + 1) {
      std::string line = log.substr(at, end - at);
      size_t speed = line.find("\"tokens_per_s\""), checked = line.find("\"val_loss\"");
      out += (speed == std::string::npos
                  ? line
                  : line.substr(0, speed) + (checked == std::string::npos ? "" : line.substr(checked))) +
             "\n";
    }
    return out;
  }

  std::optional<Corpus> corpus, validation;
  test::TrainingModelOptions model;
  bool validates = true;
  std::function<void(Session &)> spoil;
  std::unique_ptr<Session> session;
};

TEST_F(TrainerTest, learns) {
  Recorder seen;
  TrainerOptions wanted = options("run", 60);
  wanted.rate = {0.05, RateSchedule::Linear, 0.1, 60};
  ASSERT_TRUE(train(wanted, seen).ok());
  ASSERT_EQ(seen.lines.size(), 60u);
  EXPECT_NEAR(seen.lines.front().loss, std::log(256), 0.02);
  EXPECT_LT(seen.lines.back().loss, 0.67 * seen.lines.front().loss);
  EXPECT_EQ(seen.validations.size(), 12u);
  EXPECT_EQ(seen.best, 60u);
  EXPECT_EQ(seen.checkpoints.back(), 60u);
  for (const char *name : {"log.jsonl", "loss.svg", "weights.safetensors", "best.safetensors",
                           "checkpoint-60/manifest.json", "checkpoint-56/manifest.json"})
    EXPECT_FALSE(file("run", name).empty()) << name;
  EXPECT_FALSE(std::filesystem::exists(path("run/checkpoint-52")));
}

TEST_F(TrainerTest, finalWeightsAreThoseOfTheLastCheckpoint) {
  Recorder seen;
  ASSERT_TRUE(train(options("run", 8), seen).ok());
  EXPECT_EQ(file("run", "weights.safetensors"), file("run", "checkpoint-8/weights.safetensors"));
}

// Stopped after every number of steps and gone on with, in every way of training: the same files.
TEST_F(TrainerTest, resumesExactly) {
  struct Way {
    const char *name;
    Carry carry;
    uint64_t microBatches;
  };
  for (Way way :
       {Way{"none", Carry::None, 1}, Way{"detach", Carry::Detach, 1}, Way{"accumulated", Carry::Detach, 3}}) {
    SCOPED_TRACE(way.name);
    TrainerOptions whole = options((std::string("whole-") + way.name).c_str(), 14);
    whole.carry = way.carry;
    whole.microBatches = way.microBatches;
    Recorder seen;
    ASSERT_TRUE(train(whole, seen).ok());
    for (uint64_t stop : {1, 4, 7, 13}) {
      SCOPED_TRACE(stop);
      TrainerOptions broken = whole;
      std::string name = "broken-" + std::string(way.name) + std::to_string(stop);
      broken.folder = path(name);
      Recorder first, second;
      first.interruptAt = stop;
      ASSERT_TRUE(train(broken, first).ok());
      EXPECT_EQ(first.lines.size(), stop);
      absl::Status status = train(broken, second, true);
      ASSERT_TRUE(status.ok()) << formatError(status);
      EXPECT_EQ(second.lines.size(), 14 - stop);
      std::string folder = std::string("whole-") + way.name;
      for (const char *result :
           {"weights.safetensors", "best.safetensors", "loss.svg", "checkpoint-14/optimizer.safetensors"})
        EXPECT_EQ(file(name.c_str(), result) == file(folder.c_str(), result), true) << result;
      EXPECT_EQ(logOf(name.c_str()), logOf(folder.c_str()));
    }
  }
}

// A run that died after its checkpoint: its later lines are cut, each step is there once.
TEST_F(TrainerTest, repeatsWhatCameAfterTheCheckpoint) {
  Recorder seen, died, again;
  ASSERT_TRUE(train(options("whole", 12), seen).ok());
  TrainerOptions broken = options("broken", 12);
  died.interruptAt = 7;
  ASSERT_TRUE(train(broken, died).ok());
  std::filesystem::remove_all(path("broken/checkpoint-7")); // as if it had been killed in step 7
  ASSERT_TRUE(train(broken, again, true).ok());
  EXPECT_EQ(again.lines.front().step, 5u);
  EXPECT_EQ(logOf("broken"), logOf("whole"));
  EXPECT_TRUE(file("broken", "weights.safetensors") == file("whole", "weights.safetensors"));
}

TEST_F(TrainerTest, isDoneWhenAllStepsAre) {
  Recorder seen, again;
  ASSERT_TRUE(train(options("run", 6), seen).ok());
  std::string weights = file("run", "weights.safetensors"), log = file("run", "log.jsonl");
  std::filesystem::remove(path("run/weights.safetensors"));
  ASSERT_TRUE(train(options("run", 6), again, true).ok());
  EXPECT_TRUE(again.lines.empty());
  EXPECT_TRUE(file("run", "weights.safetensors") == weights);
  EXPECT_EQ(file("run", "log.jsonl"), log);
}

TEST_F(TrainerTest, refusesAnotherConfigurationAndFewerSteps) {
  Recorder seen;
  ASSERT_TRUE(train(options("run", 6), seen).ok());
  TrainerOptions other = options("run", 12);
  other.rate.peak = 0.03;
  absl::Status status = train(other, seen, true);
  EXPECT_EQ(errorIdOf(status), ErrorId::StateModelMismatch);
  EXPECT_NE(notesOf(status).find("lr"), std::string::npos) << notesOf(status);
  EXPECT_EQ(errorIdOf(train(options("run", 5), seen, true)), ErrorId::Usage);
}

TEST_F(TrainerTest, mayBeMadeLongerAndSaysSo) {
  Recorder seen, again;
  ASSERT_TRUE(train(options("run", 6), seen).ok());
  ASSERT_TRUE(train(options("run", 9), again, true).ok());
  EXPECT_EQ(again.lines.size(), 3u);
  EXPECT_NE(again.notes.find("planned for 6 steps"), std::string::npos) << again.notes;
}

TEST_F(TrainerTest, oneFolderIsForOneRun) {
  Recorder seen, other;
  auto first = open(), second = open();
  auto holder = Trainer::create(*first, {&*corpus, all(*corpus)}, {}, options("run", 6), seen);
  ASSERT_TRUE(holder.ok());
  EXPECT_EQ(
      errorIdOf(Trainer::create(*second, {&*corpus, all(*corpus)}, {}, options("run", 6), other).status()),
      ErrorId::FolderInUse);
}

TEST_F(TrainerTest, trainsWithTrainAlone) {
  model = {.accumulate = false, .score = false};
  Recorder seen;
  ASSERT_TRUE(train(options("run", 5), seen).ok());
  EXPECT_TRUE(seen.validations.empty());
  EXPECT_FALSE(std::filesystem::exists(path("run/best.safetensors")));
}

class BadRunTest : public TrainerTest {
protected:
  void SetUp() override {
    TrainerTest::SetUp();
    // What follows an 'x' is no number, and only this text, in its middle, has one.
    corpus.emplace(corpusOf({rhyme(40) + "x" + rhyme(40)}));
    validates = false;
    spoil = [](Session &session) {
      for (int v = 0; v < 256; ++v)
        session.parameters().storage(0)['x' * 256 + v] = std::numeric_limits<float>::quiet_NaN();
    };
  }
};

TEST_F(BadRunTest, stopsAndNamesTheOp) {
  Recorder seen;
  TrainerOptions wanted = options("run", 200);
  wanted.saveEvery = 1;
  absl::Status status = train(wanted, seen);
  EXPECT_EQ(errorIdOf(status), ErrorId::NotFinite) << formatError(status);
  EXPECT_EQ(exitCodeOf(status), 5);
  EXPECT_NE(notesOf(status).find("layers.0, model.mlir:5:3 (gradient) writes NaN"), std::string::npos)
      << notesOf(status);
  uint64_t last = seen.lines.back().step;
  ASSERT_GT(last, 1u) << "the fault comes too early for this test";
  EXPECT_EQ(seen.checkpoints.back(), last - 1); // the last good one stays the newest
  EXPECT_NE(file("run", "log.jsonl").find("\"step\": " + std::to_string(last) + ", \"loss\": null"),
            std::string::npos);
}

TEST_F(BadRunTest, skipsTheStep) {
  Recorder seen;
  TrainerOptions wanted = options("run", 40);
  wanted.onNan = OnNan::Skip;
  for (Carry carry : {Carry::None, Carry::Detach}) {
    wanted.carry = carry;
    wanted.folder = path(carry == Carry::None ? "none" : "detach");
    Recorder once;
    absl::Status status = train(wanted, once);
    ASSERT_TRUE(status.ok()) << formatError(status);
    EXPECT_EQ(once.lines.size(), 40u);
    size_t bad = 0;
    for (const LogLine &line : once.lines)
      bad += !std::isfinite(line.loss);
    EXPECT_TRUE(bad >= 1 && bad <= 4) << bad;
    EXPECT_NE(once.notes.find("the step is skipped; the first bad value: layers.0, model.mlir:5:3"),
              std::string::npos)
        << once.notes;
    EXPECT_LT(once.lines.back().loss, 5);
  }
}

TEST_F(BadRunTest, dumpsTheOp) {
  Recorder seen;
  TrainerOptions wanted = options("run", 200);
  wanted.onNan = OnNan::Dump;
  absl::Status status = train(wanted, seen);
  EXPECT_EQ(errorIdOf(status), ErrorId::NotFinite);
  std::string name = "nan-step-" + std::to_string(seen.lines.back().step) + ".safetensors";
  EXPECT_FALSE(file("run", name.c_str()).empty());
  EXPECT_NE(notesOf(status).find(name), std::string::npos) << notesOf(status);
}

TEST_F(BadRunTest, endsWhenAllStepsAreBad) {
  spoil = [](Session &session) {
    for (float &value : session.parameters().storage(0))
      value = std::numeric_limits<float>::infinity();
  };
  Recorder seen;
  TrainerOptions wanted = options("run", 200);
  wanted.onNan = OnNan::Skip;
  EXPECT_EQ(errorIdOf(train(wanted, seen)), ErrorId::NotFinite);
  EXPECT_EQ(seen.lines.size(), 20u);
}

TEST_F(BadRunTest, endsWhenTheLossStaysHigh) {
  spoil = nullptr;
  Recorder seen;
  TrainerOptions wanted = options("run", 400);
  wanted.clip = 0;
  wanted.rate = {0.05, RateSchedule::Constant, 0, 400};
  // Once it has learned, the rate is far too high.
  wanted.weightDecay = 0;
  ASSERT_TRUE(train(
                  [&] {
                    TrainerOptions start = wanted;
                    start.steps = 60;
                    return start;
                  }(),
                  seen)
                  .ok());
  auto checkpoint = *findLatestCheckpoint(wanted.folder);
  session = open(model, wanted.seed);
  wanted.rate.peak = 0.05;
  auto trainer = *Trainer::create(*session, {&*corpus, all(*corpus)}, {}, wanted, seen);
  ASSERT_TRUE(trainer->restore(*checkpoint).ok());
  for (float &value : session->parameters().storage(0))
    value *= -40;                                          // as a broken update would leave it
  for (size_t i = 0; i < session->optimizer().size(); ++i) // and moments so large that nothing mends it
    for (float &value : session->optimizer().storage(i))
      value = session->optimizer().info(i).role == format::OptimizerRole::SecondMoment ? 1e30f : 0.0f;
  absl::Status status = trainer->run();
  EXPECT_EQ(errorIdOf(status), ErrorId::Diverged) << formatError(status);
  EXPECT_NE(seen.notes.find("the loss jumped to"), std::string::npos) << seen.notes;
}

} // namespace
} // namespace rondo::rt
