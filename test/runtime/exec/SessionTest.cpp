// Entry points run on tensors: defaults, checks, states in slots, failures, and no allocation while it runs.
#include "runtime/exec/Session.h"

#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/generate/Generator.h"
#include "test/runtime/exec/AllocationCount.h"
#include "test/runtime/sample/SamplePackage.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <numeric>

namespace rondo::rt {
namespace {

Package samplePackage() {
  std::string bytes = test::samplePackage();
  return *Package::fromBytes({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}, "m.rondo");
}

class SessionTest : public testing::Test {
protected:
  void SetUp() override { session = open(2); }

  static std::unique_ptr<Session> open(unsigned threads) {
    auto created = Session::create(samplePackage(), createCpuDevice(threads));
    EXPECT_TRUE(created.ok()) << formatError(created.status());
    (*created)->parameters().initialise(1);
    return *std::move(created);
  }
  Executor &executor(const char *name) { return **session->executor(*session->package().findEntry(name)); }
  template <typename T>
  absl::Status set(const char *entry, const char *name, std::vector<T> values, std::vector<uint64_t> shape) {
    format::DType dtype = std::is_same_v<T, int64_t>   ? format::DType::I64
                          : std::is_same_v<T, float>   ? format::DType::F32
                          : std::is_same_v<T, uint8_t> ? format::DType::U8
                                                       : format::DType::I32;
    return executor(entry).inputs().set(
        name, {dtype, shape, {reinterpret_cast<const uint8_t *>(values.data()), values.size() * sizeof(T)}});
  }
  // The token at which logits peak: the sample's sum.
  int peak(const char *entry, size_t row) {
    const auto *logits = reinterpret_cast<const float *>(executor(entry).output(size_t(0)).bytes.data()) +
                         row * test::kSampleVocabulary;
    return static_cast<int>(std::max_element(logits, logits + test::kSampleVocabulary) - logits);
  }
  float state(uint64_t slot) {
    return *reinterpret_cast<const float *>(session->states().bytes(0, slot).data());
  }

  std::unique_ptr<Session> session;
};

std::vector<int32_t> ones(size_t count) { return std::vector<int32_t>(count, 1); }

TEST_F(SessionTest, suppliesLengthAndSlots) {
  ASSERT_TRUE(set("prefill", "tokens", ones(16), {2, 8}).ok());
  ASSERT_TRUE(session->run(executor("prefill")).ok());
  EXPECT_EQ(peak("prefill", 0), 8);
  EXPECT_EQ(state(0), 8);
  EXPECT_EQ(state(1), 8);
  EXPECT_EQ(state(2), 0);
  EXPECT_EQ(session->states().position(1), 8);
}

TEST_F(SessionTest, slotsAndLengthsOfTheCaller) {
  ASSERT_TRUE(set("prefill", "tokens", ones(16), {2, 8}).ok());
  ASSERT_TRUE(set<int32_t>("prefill", "length", {3, 0}, {2}).ok());
  ASSERT_TRUE(set<int32_t>("prefill", "slot", {3, 1}, {2}).ok());
  ASSERT_TRUE(session->run(executor("prefill")).ok());
  EXPECT_EQ(state(3), 3);
  EXPECT_EQ(state(1), 0);
  EXPECT_EQ(session->states().position(3), 3);
  executor("prefill").inputs().clear();
  EXPECT_EQ(errorIdOf(session->run(executor("prefill"))), ErrorId::InputCount);
}

TEST_F(SessionTest, takesBytesForI32) {
  ASSERT_TRUE(set<uint8_t>("decode", "tokens", {200}, {1, 1}).ok());
  ASSERT_TRUE(session->run(executor("decode")).ok());
  EXPECT_EQ(peak("decode", 0), 200);
}

TEST_F(SessionTest, takesI64ForI32) {
  ASSERT_TRUE(set<int64_t>("decode", "tokens", {5}, {1, 1}).ok());
  ASSERT_TRUE(session->run(executor("decode")).ok());
  EXPECT_EQ(peak("decode", 0), 5);
  EXPECT_EQ(errorIdOf(set<int64_t>("decode", "tokens", {int64_t(1) << 32}, {1, 1})), ErrorId::TokenRange);
}

TEST_F(SessionTest, no_badInput) {
  EXPECT_EQ(errorIdOf(set<int32_t>("decode", "token", {5}, {1, 1})), ErrorId::InputUnknown);
  EXPECT_EQ(errorIdOf(set<int32_t>("decode", "tokens", {5}, {1})), ErrorId::InputCount);
  EXPECT_EQ(errorIdOf(set<float>("decode", "tokens", {5}, {1, 1})), ErrorId::InputType);
  EXPECT_EQ(errorIdOf(session->run(executor("decode"))), ErrorId::InputCount);
}

// What kernels would follow without a look is refused before they run, and no state changes.
TEST_F(SessionTest, no_valueOutOfRange) {
  auto runWith = [&](const char *name, std::vector<int32_t> values) {
    EXPECT_TRUE(set("prefill", "tokens", ones(16), {2, 8}).ok());
    std::vector<uint64_t> shape = {2};
    EXPECT_TRUE(set("prefill", name, values, shape).ok());
    ErrorId id = errorIdOf(session->run(executor("prefill"))).value_or(ErrorId::Internal);
    executor("prefill").inputs().clear();
    return id;
  };
  EXPECT_EQ(runWith("length", {9, 0}), ErrorId::TokenRange);
  EXPECT_EQ(runWith("length", {-1, 0}), ErrorId::TokenRange);
  EXPECT_EQ(runWith("slot", {4, 0}), ErrorId::TokenRange);
  EXPECT_EQ(runWith("slot", {0, -1}), ErrorId::TokenRange);
  EXPECT_EQ(runWith("slot", {2, 2}), ErrorId::TokenRange);
  EXPECT_TRUE(set<int32_t>("decode", "tokens", {256}, {1, 1}).ok());
  EXPECT_EQ(errorIdOf(session->run(executor("decode"))), ErrorId::TokenRange);
  for (uint64_t slot = 0; slot < 4; ++slot) {
    EXPECT_EQ(state(slot), 0);
    EXPECT_FALSE(session->states().isPoisoned(slot));
  }
}

TEST_F(SessionTest, no_poisonedSlot) {
  session->states().poison(0);
  ASSERT_TRUE(set<int32_t>("decode", "tokens", {5}, {1, 1}).ok());
  EXPECT_EQ(errorIdOf(session->run(executor("decode"))), ErrorId::StatePoisoned);
  ASSERT_TRUE(session->states().reset(0).ok());
  EXPECT_TRUE(session->run(executor("decode")).ok());
}

TEST_F(SessionTest, no_weights) {
  auto bare = Session::create(samplePackage(), createCpuDevice(1));
  Executor &decode = **(*bare)->executor(*(*bare)->package().findEntry("decode"));
  EXPECT_EQ(errorIdOf((*bare)->run(decode)), ErrorId::WeightsNeeded);
}

TEST_F(SessionTest, memoryNeedsAreExact) {
  MemoryNeeds needs = memoryNeeds(session->package());
  EXPECT_EQ(needs.weightBytes, 1028u);
  EXPECT_EQ(needs.stateBytes, 16u);
  EXPECT_EQ(needs.scratchBytes, 64u);
  EXPECT_EQ(needs.entries[2].tensorBytes, 4u + 4 + 1024);
}

// Prompts of any length walk through prefill in stretches; the answer is that of one token at a time.
TEST_F(SessionTest, generatorCutsPromptsAnywhere) {
  for (size_t length : {1, 2, 7, 8, 9, 16, 21}) {
    std::vector<int32_t> prompt(length);
    std::iota(prompt.begin(), prompt.end(), 1);
    ASSERT_TRUE(session->states().reset(2).ok());
    absl::StatusOr<Generator> generator = Generator::create(*session, 2, {.temperature = 0});
    ASSERT_TRUE(generator.ok()) << formatError(generator.status());
    EXPECT_EQ(errorIdOf(generator->draw().status()), ErrorId::InputCount);
    ASSERT_TRUE(generator->feed(prompt).ok());
    EXPECT_EQ(*generator->draw(), static_cast<int32_t>(length * (length + 1) / 2 % 256));
    EXPECT_EQ(session->states().position(2), static_cast<int64_t>(length));
    EXPECT_EQ(state(0), 0) << "a slot that takes no part has changed";
  }
}

TEST_F(SessionTest, decodeAllocatesNothing) {
  absl::StatusOr<Generator> generator =
      Generator::create(*session, 0, {.temperature = 0.8, .topK = 10, .topP = 0.9});
  ASSERT_TRUE(generator.ok());
  int32_t token = 65;
  ASSERT_TRUE(generator->feed({&token, 1}).ok());
  uint64_t before = test::allocationCount();
  bool good = true;
  for (int step = 0; step < 100; ++step) {
    absl::StatusOr<int32_t> drawn = generator->draw();
    good &= drawn.ok();
    token = *drawn;
    good &= generator->feed({&token, 1}).ok();
  }
  EXPECT_EQ(test::allocationCount() - before, 0u);
  EXPECT_TRUE(good);
}

TEST_F(SessionTest, stepsThroughCommands) {
  ASSERT_TRUE(set("prefill", "tokens", ones(16), {2, 8}).ok());
  std::vector<size_t> seen;
  std::vector<float> scaled(16);
  auto look = [&](size_t command) {
    seen.push_back(command);
    if (command == 0)
      EXPECT_TRUE(executor("prefill")
                      .commands()
                      .readArgument(0, 2, {reinterpret_cast<uint8_t *>(scaled.data()), 64})
                      .ok());
    return true;
  };
  ASSERT_TRUE(session->runStepwise(executor("prefill"), look).ok());
  EXPECT_EQ(seen, (std::vector<size_t>{0, 1}));
  EXPECT_EQ(scaled, std::vector<float>(16, 1));
  EXPECT_EQ(peak("prefill", 0), 8);
  EXPECT_EQ(session->states().position(1), 8);
}

TEST_F(SessionTest, leavesSlotsPoisonedWhereSteppingEnds) {
  ASSERT_TRUE(set("prefill", "tokens", ones(16), {2, 8}).ok());
  ASSERT_TRUE(session->runStepwise(executor("prefill"), [](size_t) { return false; }).ok());
  EXPECT_EQ(errorIdOf(session->run(executor("prefill"))), ErrorId::StatePoisoned);
}

// The count does count.
TEST(AllocationCount, seesAllocations) {
  uint64_t before = test::allocationCount();
  std::vector<int> *volatile vector = new std::vector<int>(3);
  delete vector;
  EXPECT_GE(test::allocationCount() - before, 2u);
}

} // namespace
} // namespace rondo::rt
