// Training entries: what stands in for absent inputs, what they change, and what a failed call leaves.
#include "runtime/exec/Session.h"

#include "codegen/package/PackageWriter.h"
#include "runtime/device/cpu/CpuDevice.h"
#include "test/runtime/exec/AllocationCount.h"
#include "test/runtime/sample/SamplePackage.h"

#include "gtest/gtest.h"

#include <functional>
#include <numeric>

namespace rondo::rt {
namespace {

enum OptimizerState : size_t { Moment, Gradient, LossWeight };
constexpr size_t kBias = 1; // the parameter

// A CPU whose commands fail once `fails` is set, after they have run.
class FailingDevice final : public Device {
public:
  explicit FailingDevice(bool &fails) : cpu_(createCpuDevice(1)), fails_(fails) {}
  std::string name() const override { return "failing"; }
  absl::StatusOr<std::unique_ptr<DeviceMemory>> allocate(uint64_t bytes) override {
    return cpu_->allocate(bytes);
  }
  absl::Status upload(DeviceMemory &target, uint64_t offset, absl::Span<const uint8_t> source) override {
    return cpu_->upload(target, offset, source);
  }
  absl::Status download(absl::Span<uint8_t> target, const DeviceMemory &source, uint64_t offset) override {
    return cpu_->download(target, source, offset);
  }
  absl::StatusOr<std::unique_ptr<DeviceCode>> load(const Package &package) override {
    auto code = std::make_unique<Code>(fails_);
    RONDO_ASSIGN_OR_RETURN(code->cpu, cpu_->load(package));
    return absl::StatusOr<std::unique_ptr<DeviceCode>>(std::move(code));
  }

private:
  struct Commands final : CommandList {
    explicit Commands(bool &fails) : fails(fails) {}
    absl::Status run(CommandTimes times) override {
      RONDO_RETURN_IF_ERROR(cpu->run(times));
      return fails ? makeError(ErrorId::Internal, "device lost") : absl::OkStatus();
    }
    absl::Status runCommand(size_t command) override { return cpu->runCommand(command); }
    absl::Status readArgument(size_t command, size_t argument, absl::Span<uint8_t> target) const override {
      return cpu->readArgument(command, argument, target);
    }
    bool &fails;
    std::unique_ptr<CommandList> cpu;
  };
  struct Code final : DeviceCode {
    explicit Code(bool &fails) : fails(fails) {}
    absl::StatusOr<std::unique_ptr<CommandList>> record(const format::Entry &entry,
                                                        const BoundBuffers &buffers) override {
      auto list = std::make_unique<Commands>(fails);
      RONDO_ASSIGN_OR_RETURN(list->cpu, cpu->record(entry, buffers));
      return absl::StatusOr<std::unique_ptr<CommandList>>(std::move(list));
    }
    bool &fails;
    std::unique_ptr<DeviceCode> cpu;
  };

  std::unique_ptr<Device> cpu_;
  bool &fails_;
};

class TrainingSessionTest : public testing::Test {
protected:
  void SetUp() override {
    std::string bytes = codegen::writePackage(test::trainingPackageSpec());
    Package package =
        *Package::fromBytes({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}, "m.rondo");
    auto created = Session::create(std::move(package), std::make_unique<FailingDevice>(fails));
    ASSERT_TRUE(created.ok()) << formatError(created.status());
    session = *std::move(created);
    session->parameters().initialise(1);
  }
  Executor &executor(const char *name) { return **session->executor(*session->package().findEntry(name)); }
  template <typename T>
  absl::Status set(const char *entry, const char *name, const std::vector<T> &values,
                   std::vector<uint64_t> shape) {
    format::DType dtype = std::is_same_v<T, float> ? format::DType::F32 : format::DType::I32;
    return executor(entry).inputs().set(
        name, {dtype, shape, {reinterpret_cast<const uint8_t *>(values.data()), values.size() * sizeof(T)}});
  }
  // The first input of this name after a run, as the kernels saw it.
  std::vector<int32_t> input(const char *name) {
    for (const IoBuffer &buffer : executor("accumulate").inputs().buffers())
      if (buffer.description().name()->str() == name)
        return {buffer.elements<int32_t>().begin(), buffer.elements<int32_t>().end()};
    return {};
  }
  std::vector<int32_t> ascending() {
    std::vector<int32_t> tokens(16);
    std::iota(tokens.begin(), tokens.end(), 10);
    return tokens;
  }
  float value(size_t state, size_t element) { return session->optimizer().storage(state)[element]; }
  float bias(size_t element) { return session->parameters().storage(kBias)[element]; }

  bool fails = false;
  std::unique_ptr<Session> session;
};

TEST_F(TrainingSessionTest, optimiserStatesAreZeroAndAligned) {
  OptimizerStore &store = session->optimizer();
  ASSERT_EQ(store.size(), 3u);
  for (size_t i = 0; i < store.size(); ++i) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(store.storage(i).data()) % 64, 0u);
    for (float element : store.storage(i))
      EXPECT_EQ(element, 0);
  }
  EXPECT_EQ(store.find(format::OptimizerRole::Gradient, kBias), Gradient);
  EXPECT_EQ(store.find(format::OptimizerRole::LossWeight, 0), LossWeight);
  EXPECT_EQ(store.find(format::OptimizerRole::SecondMoment, kBias), std::nullopt);
  EXPECT_EQ(store.info(LossWeight).tensor.elements(), 1u);
}

TEST_F(TrainingSessionTest, targetsFollowTokens) {
  ASSERT_TRUE(set("accumulate", "tokens", ascending(), {2, 8}).ok());
  ASSERT_TRUE(session->run(executor("accumulate")).ok());
  std::vector<int32_t> expected = {11, 12, 13, 14, 15, 16, 17, -1, 19, 20, 21, 22, 23, 24, 25, -1};
  EXPECT_EQ(input("targets"), expected);
  EXPECT_EQ(value(LossWeight, 0), 14);
  // Made anew for the next call.
  ASSERT_TRUE(set("accumulate", "tokens", std::vector<int32_t>(16, 3), {2, 8}).ok());
  ASSERT_TRUE(session->run(executor("accumulate")).ok());
  EXPECT_EQ(input("targets")[0], 3);
}

TEST_F(TrainingSessionTest, targetsStayInTheirSegment) {
  ASSERT_TRUE(set("accumulate", "tokens", ascending(), {2, 8}).ok());
  std::vector<int32_t> segments = {4, 4, 4, 1, 1, 0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 8};
  ASSERT_TRUE(set("accumulate", "segment_ids", segments, {2, 8}).ok());
  ASSERT_TRUE(session->run(executor("accumulate")).ok());
  std::vector<int32_t> expected = {11, 12, -1, 14, -1, 16, 17, -1, -1, 20, 21, 22, 23, 24, -1, -1};
  EXPECT_EQ(input("targets"), expected);
  // Segments of the caller stay; zeros come back when they are cleared.
  executor("accumulate").inputs().clear();
  ASSERT_TRUE(set("accumulate", "tokens", ascending(), {2, 8}).ok());
  ASSERT_TRUE(session->run(executor("accumulate")).ok());
  EXPECT_EQ(input("targets")[2], 13);
}

TEST_F(TrainingSessionTest, targetsOfTheCallerStand) {
  ASSERT_TRUE(set("accumulate", "tokens", ascending(), {2, 8}).ok());
  std::vector<int32_t> targets(16, -1);
  targets[5] = 200;
  ASSERT_TRUE(set("accumulate", "targets", targets, {2, 8}).ok());
  ASSERT_TRUE(session->run(executor("accumulate")).ok());
  EXPECT_EQ(value(LossWeight, 0), 1);
  EXPECT_EQ(value(Gradient, 15), 1);
  targets[5] = -2;
  ASSERT_TRUE(set("accumulate", "targets", targets, {2, 8}).ok());
  EXPECT_EQ(errorIdOf(session->run(executor("accumulate"))), ErrorId::TokenRange);
  EXPECT_EQ(value(LossWeight, 0), 1) << "a refused call has changed a state";
  EXPECT_FALSE(session->optimizer().isPoisoned());
}

// Scalars have shape []: the value that the package states, or the caller's.
TEST_F(TrainingSessionTest, updateUsesItsRate) {
  float before = bias(10), other = bias(40);
  ASSERT_TRUE(set("accumulate", "tokens", ascending(), {2, 8}).ok());
  ASSERT_TRUE(session->run(executor("accumulate")).ok());
  TensorView sum = executor("accumulate").output(size_t(0));
  EXPECT_TRUE(sum.shape.empty());
  EXPECT_EQ(*reinterpret_cast<const float *>(sum.bytes.data()), 14);
  ASSERT_TRUE(session->run(executor("update")).ok());
  EXPECT_EQ(bias(10), before - 0.5f * (1.0f / 14));
  EXPECT_EQ(bias(40), other);
  EXPECT_EQ(value(Moment, 10), 1.0f / 14);
  EXPECT_EQ(value(Gradient, 10), 0);
  EXPECT_EQ(errorIdOf(set<float>("update", "learning_rate", {0.25f}, {1})), ErrorId::InputCount);
  ASSERT_TRUE(set<float>("update", "learning_rate", {0.25f}, {}).ok());
  ASSERT_TRUE(session->run(executor("accumulate")).ok());
  before = bias(10);
  ASSERT_TRUE(session->run(executor("update")).ok());
  EXPECT_EQ(bias(10), before - 0.25f * (1.0f / 28));
}

// The parameters that a failed call was writing are not to be used, by any entry, until somebody restores
// them.
TEST_F(TrainingSessionTest, no_runAfterAFailedCall) {
  ASSERT_TRUE(set("forward", "tokens", ascending(), {2, 8}).ok());
  fails = true;
  EXPECT_EQ(errorIdOf(session->run(executor("forward"))), ErrorId::Internal);
  EXPECT_FALSE(session->optimizer().isPoisoned());
  EXPECT_EQ(errorIdOf(session->run(executor("update"))), ErrorId::Internal);
  fails = false;
  EXPECT_TRUE(session->optimizer().isPoisoned());
  EXPECT_EQ(errorIdOf(session->run(executor("update"))), ErrorId::StatePoisoned);
  EXPECT_EQ(errorIdOf(session->run(executor("forward"))), ErrorId::StatePoisoned);
  session->optimizer().clear();
  EXPECT_TRUE(session->run(executor("forward")).ok());
}

TEST_F(TrainingSessionTest, stepsAllocateNothing) {
  ASSERT_TRUE(set("accumulate", "tokens", ascending(), {2, 8}).ok());
  Executor &accumulate = executor("accumulate"), &update = executor("update");
  uint64_t before = test::allocationCount();
  bool good = true;
  for (int step = 0; step < 100; ++step) {
    good &= session->run(accumulate).ok();
    good &= session->run(update).ok();
  }
  EXPECT_EQ(test::allocationCount() - before, 0u);
  EXPECT_TRUE(good);
}

TEST_F(TrainingSessionTest, memoryNeedsAreExact) {
  MemoryNeeds needs = memoryNeeds(session->package());
  EXPECT_EQ(needs.momentBytes, 1024u);
  EXPECT_EQ(needs.gradientBytes, 1028u);
  EXPECT_EQ(needs.entries[4].tensorBytes, 4u);
}

} // namespace
} // namespace rondo::rt
