// One optimiser step: entries, micro-batches, states, bad values.
#include "runtime/train/TrainingStep.h"

#include "runtime/safetensors/Reader.h"
#include "test/runtime/train/model/TrainingFixture.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace rondo::rt {
namespace {

constexpr uint64_t kBatch = test::kModelBatch, kTime = test::kModelTime;
constexpr StepRates kRates = {0.01f, 0, 1};

class TrainingStepTest : public TrainingFixture {
protected:
  std::unique_ptr<TrainingStep> stepOf(Session &session, uint64_t microBatches = 1) {
    auto step = TrainingStep::create(session, microBatches, 3);
    EXPECT_TRUE(step.ok()) << formatError(step.status());
    return *std::move(step);
  }
  // The first batches of some text.
  std::vector<Batch> batches(size_t count, Carry carry = Carry::None) {
    if (!corpus)
      corpus.emplace(corpusOf({rhyme(40), rhyme(7)}));
    BatchSampler sampler = *BatchSampler::create(*corpus, all(*corpus), {kBatch, kTime, 5, carry});
    std::vector<Batch> result(count);
    DataCursor cursor;
    for (Batch &batch : result)
      EXPECT_TRUE(sampler.next(cursor, batch).ok());
    return result;
  }

  std::optional<Corpus> corpus;
};

TEST_F(TrainingStepTest, startsNearTheLogarithmOfTheVocabulary) {
  auto session = open();
  StepResult result = *stepOf(*session)->run(1, kRates, batches(1));
  EXPECT_NEAR(result.loss, std::log(256), 0.01);
  EXPECT_GT(result.gradientNorm, 0.1);
}

TEST_F(TrainingStepTest, overfitsOneBatch) {
  auto session = open();
  auto step = stepOf(*session);
  std::vector<Batch> one = batches(1);
  float loss = 0;
  for (uint64_t i = 1; i <= 150; ++i)
    loss = step->run(i, {0.1f, 0, 0}, one)->loss;
  EXPECT_LT(loss, 0.3);
}

TEST_F(TrainingStepTest, fusedAndAccumulatedStepsAgree) {
  auto fused = open(), split = open({.train = false});
  auto one = stepOf(*fused), two = stepOf(*split);
  std::vector<Batch> data = batches(3);
  for (uint64_t i = 1; i <= 3; ++i) {
    StepResult a = *one->run(i, kRates, {&data[i - 1], 1}), b = *two->run(i, kRates, {&data[i - 1], 1});
    EXPECT_EQ(a.loss, b.loss);
    EXPECT_NEAR(a.gradientNorm, b.gradientNorm, 1e-5 * a.gradientNorm);
  }
  std::vector<float> a = weights(*fused), b = weights(*split);
  for (size_t i = 0; i < a.size(); ++i)
    ASSERT_NEAR(a[i], b[i], 1e-4) << i;
}

// Micro-batches with different numbers of targets count by their targets.
TEST_F(TrainingStepTest, weighsMicroBatchesByTheirTargets) {
  std::vector<Batch> data = batches(2);
  std::fill(data[1].targets.begin() + 5, data[1].targets.end(), -1);
  auto session = open();
  auto step = stepOf(*session, 2);
  StepResult both = *step->run(1, kRates, data);
  double sum = 0, count = 0;
  for (Batch &batch : data) {
    auto alone = open();
    double targets = 0;
    for (int32_t target : batch.targets)
      targets += target >= 0;
    sum += targets * stepOf(*alone)->run(1, kRates, {&batch, 1})->loss;
    count += targets;
  }
  EXPECT_NEAR(both.loss, sum / count, 1e-5);
}

TEST_F(TrainingStepTest, saysWhichEntriesItNeeds) {
  auto none = open({.train = false, .accumulate = false}), train = open({.accumulate = false});
  EXPECT_EQ(errorIdOf(TrainingStep::create(*none, 1, 0).status()), ErrorId::EntryMissing);
  EXPECT_TRUE(TrainingStep::create(*train, 1, 0).ok());
  absl::Status status = TrainingStep::create(*train, 2, 0).status();
  EXPECT_EQ(errorIdOf(status), ErrorId::Usage);
  EXPECT_EQ(exitCodeOf(status), 2);
}

// The state holds the last token + 1.
TEST_F(TrainingStepTest, emptiesTheStatesOfFreshRowsOnly) {
  auto session = open();
  auto step = stepOf(*session);
  std::vector<Batch> data = batches(1, Carry::Detach);
  auto state = [&](uint64_t slot) {
    return reinterpret_cast<float *>(session->states().bytes(0, slot).data());
  };
  *state(0) = *state(1) = 'q' + 1;
  float loss[2][2];
  for (uint8_t fresh0 : {0, 1})
    for (uint8_t fresh1 : {0, 1}) {
      auto other = open();
      auto otherStep = stepOf(*other);
      for (uint64_t slot : {0, 1})
        *reinterpret_cast<float *>(other->states().bytes(0, slot).data()) = 'q' + 1;
      for (size_t i = 0; i < 256; ++i) // what follows q matters
        other->parameters().storage(1)[('q' / 16 * 256 + i) * 16 + 'q' % 16] =
            i == static_cast<size_t>(data[0].targets[0]) ? 9.0f : 0.0f;
      data[0].fresh = {fresh0, fresh1};
      loss[fresh0][fresh1] = otherStep->run(1, kRates, data)->loss;
      EXPECT_EQ(*reinterpret_cast<float *>(other->states().bytes(0, 0).data()),
                data[0].tokens[kTime - 1] + 1);
    }
  EXPECT_LT(loss[0][1], loss[1][1] - 0.05); // row 0 is told its first target by the state
  EXPECT_NE(loss[1][0], loss[1][1]);
}

class FaultyStepTest : public TrainingStepTest {
protected:
  // The weights that follow 'c' are no numbers.
  static void plant(Session &session) {
    session.parameters().storage(0)['c' * 256 + 7] = std::numeric_limits<float>::quiet_NaN();
  }
  static constexpr const char *kFault = "layers.0, model.mlir:5:3 (gradient) writes NaN";
};

TEST_F(FaultyStepTest, changesNothingAndNamesTheOp) {
  for (uint64_t microBatches : {1, 2}) {
    auto session = open();
    plant(*session);
    auto step = stepOf(*session, microBatches);
    std::vector<Batch> data = batches(microBatches, Carry::Detach);
    std::vector<float> before = weights(*session);
    StepResult result = *step->run(1, kRates, data);
    EXPECT_FALSE(std::isfinite(result.gradientNorm));
    std::vector<float> after = weights(*session);
    EXPECT_EQ(std::memcmp(before.data(), after.data(), before.size() * sizeof(float)), 0);
    absl::StatusOr<std::optional<StepFault>> fault = step->findFault(1, kRates, data);
    ASSERT_TRUE(fault.ok()) << formatError(fault.status());
    ASSERT_TRUE(fault->has_value());
    EXPECT_EQ((*fault)->toString(session->package()).substr(0, strlen(kFault)), kFault);
    after = weights(*session);
    EXPECT_EQ(std::memcmp(before.data(), after.data(), before.size() * sizeof(float)), 0);
    // Mended, it goes on as if nothing had been.
    session->parameters().storage(0)['c' * 256 + 7] = 0;
    for (Batch &batch : data)
      batch.fresh = {1, 1};
    auto clean = open();
    clean->parameters().storage(0)['c' * 256 + 7] = 0;
    EXPECT_EQ(step->run(2, kRates, data)->gradientNorm,
              stepOf(*clean, microBatches)->run(2, kRates, data)->gradientNorm);
  }
}

TEST_F(FaultyStepTest, findsNothingInAGoodStep) {
  auto session = open();
  auto step = stepOf(*session);
  std::vector<Batch> data = batches(1);
  ASSERT_TRUE(step->run(1, kRates, data).ok());
  EXPECT_FALSE(step->findFault(1, kRates, data)->has_value());
}

TEST_F(FaultyStepTest, dumpsWhatTheOpHasReadAndWritten) {
  auto session = open();
  plant(*session);
  auto step = stepOf(*session);
  std::vector<Batch> data = batches(1);
  ASSERT_TRUE(step->run(1, kRates, data).ok());
  StepFault fault = **step->findFault(1, kRates, data);
  absl::Status status =
      dumpArguments(path("dump.safetensors"), session->package(), *fault.executor, fault.value.command);
  ASSERT_TRUE(status.ok()) << formatError(status);
  auto file = safetensors::Reader::open(path("dump.safetensors"));
  ASSERT_TRUE(file.ok());
  std::vector<int32_t> tokens(kBatch * kTime);
  ASSERT_TRUE(file->readI32(*file->find("argument.0"), 0, absl::MakeSpan(tokens), ErrorId::InputType).ok());
  EXPECT_EQ(tokens, data[0].tokens);
  float planted = 0;
  ASSERT_TRUE(
      file->readF32(*file->find("argument.5"), 'c' * 256 + 7, {&planted, 1}, ErrorId::InputType).ok());
  EXPECT_TRUE(std::isnan(planted));
}

} // namespace
} // namespace rondo::rt
