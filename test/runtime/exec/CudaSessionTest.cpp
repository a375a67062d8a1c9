// A session on a GPU (a stand-in for its driver) gives what one on the CPU gives, and copies no more than it
// must.
#include "runtime/exec/Session.h"

#include "codegen/package/PackageWriter.h"
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/cuda/CudaDevice.h"
#include "test/runtime/device/cuda/FakeDriver.h"
#include "test/runtime/sample/SamplePackage.h"

#include "gtest/gtest.h"

#include <cstdlib>
#include <numeric>

namespace rondo::rt {
namespace {

constexpr size_t kBias = 1; // the parameter

std::unique_ptr<Session> open(bool onGpu) {
  codegen::PackageSpec spec = test::trainingPackageSpec();
  std::string bytes = codegen::writePackage(onGpu ? test::cudaPackageSpec(spec) : spec);
  Package package =
      *Package::fromBytes({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}, "m.rondo");
  std::unique_ptr<Device> device = onGpu ? *createCudaDevice(0) : createCpuDevice(1);
  auto session = Session::create(std::move(package), std::move(device));
  EXPECT_TRUE(session.ok()) << formatError(session.status());
  (*session)->parameters().initialise(1);
  return *std::move(session);
}

Executor &executorOf(Session &session, const char *entry) {
  return **session.executor(*session.package().findEntry(entry));
}

absl::Status run(Session &session, const char *entry, std::vector<int32_t> tokens,
                 std::vector<int32_t> slots = {}) {
  Executor &executor = executorOf(session, entry);
  auto set = [&](const char *name, const std::vector<int32_t> &values, std::vector<uint64_t> shape) {
    return executor.inputs().set(
        name, {format::DType::I32,
               shape,
               {reinterpret_cast<const uint8_t *>(values.data()), values.size() * sizeof(int32_t)}});
  };
  executor.inputs().clear();
  uint64_t batch = executor.entry().batch();
  if (!tokens.empty())
    RONDO_RETURN_IF_ERROR(set("tokens", tokens, {batch, executor.entry().time()}));
  if (!slots.empty())
    RONDO_RETURN_IF_ERROR(set("slot", slots, {batch}));
  return session.run(executor);
}

using Numbers = std::vector<float>;

void append(Numbers &all, absl::Span<const uint8_t> bytes) {
  const auto *values = reinterpret_cast<const float *>(bytes.data());
  all.insert(all.end(), values, values + bytes.size() / sizeof(float));
}

// What a whole life of a session computes: stretches, a fork, a reset, two training steps, and sequences in
// between.
Numbers live(Session &session) {
  Numbers all;
  auto runOne = [&](const char *entry, std::vector<int32_t> tokens, std::vector<int32_t> slots = {}) {
    absl::Status status = run(session, entry, std::move(tokens), std::move(slots));
    EXPECT_TRUE(status.ok()) << entry << ": " << formatError(status);
    for (uint32_t i = 0; i < executorOf(session, entry).entry().outputs()->size(); ++i)
      append(all, executorOf(session, entry).output(size_t{i}).bytes);
  };
  std::vector<int32_t> sixteen(16);
  std::iota(sixteen.begin(), sixteen.end(), 3);
  runOne("prefill", sixteen, {0, 2});
  runOne("decode", {9}, {2});
  EXPECT_TRUE(session.states().copy(2, 1).ok());
  runOne("decode", {1}, {1});
  runOne("decode", {4}, {2});
  EXPECT_TRUE(session.states().reset(0).ok());
  runOne("decode", {5}, {0});
  std::vector<uint64_t> sources(session.states().slots()); // beams change places
  std::iota(sources.begin(), sources.end(), 0);
  std::swap(sources[0], sources[2]);
  sources[1] = 2;
  EXPECT_TRUE(session.states().gather(sources).ok());
  runOne("decode", {6}, {0});
  runOne("decode", {7}, {1});
  for (int step = 0; step < 2; ++step) {
    runOne("accumulate", sixteen);
    runOne("update", {});
    runOne("forward", sixteen);
  }
  for (uint64_t slot = 0; slot < session.states().slots(); ++slot)
    append(all, std::as_const(session.states()).bytes(0, slot));
  for (size_t i = 0; i < session.optimizer().size(); ++i)
    for (float value : std::as_const(session.optimizer()).storage(i))
      all.push_back(value);
  for (float value : std::as_const(session.parameters()).storage(kBias))
    all.push_back(value);
  return all;
}

class CudaSessionTest : public testing::Test {
protected:
  void SetUp() override {
    ::setenv("RONDO_CUDA_DRIVER", RONDO_FAKE_DRIVER, 1);
    fakeReset(1, 90);
  }
  void TearDown() override { EXPECT_STREQ(fakeViolations(), ""); }
};

TEST_F(CudaSessionTest, givesWhatTheCpuGives) {
  Numbers expected = live(*open(false));
  EXPECT_EQ(live(*open(true)), expected);
  EXPECT_EQ(fakeLiveObjects(), 0);
}

// A step is one call: inputs and outputs are copied by the graph. Weights and states stay where they are
// while nobody looks.
TEST_F(CudaSessionTest, aStepIsOneLaunch) {
  std::unique_ptr<Session> session = open(true);
  ASSERT_TRUE(run(*session, "decode", {1}, {0}).ok());
  int up = fakeCalls("cuMemcpyHtoDAsync_v2"), down = fakeCalls("cuMemcpyDtoHAsync_v2");
  int allocated = fakeCalls("cuMemAlloc_v2"), launched = fakeCalls("cuGraphLaunch");
  int waited = fakeCalls("cuStreamSynchronize");
  for (int step = 0; step < 10; ++step)
    ASSERT_TRUE(run(*session, "decode", {1}, {0}).ok());
  EXPECT_EQ(fakeCalls("cuMemcpyHtoDAsync_v2"), up);
  EXPECT_EQ(fakeCalls("cuMemcpyDtoHAsync_v2"), down);
  EXPECT_EQ(fakeCalls("cuGraphLaunch") - launched, 10);
  EXPECT_EQ(fakeCalls("cuStreamSynchronize") - waited, 10);
  EXPECT_EQ(fakeCalls("cuMemAlloc_v2"), allocated);
  session->parameters().initialise(2);
  ASSERT_TRUE(run(*session, "decode", {1}, {0}).ok());
  EXPECT_EQ(fakeCalls("cuMemcpyHtoDAsync_v2") - up, 1); // the weights
}

// Sequences begin, fork and change places where their states are.
TEST_F(CudaSessionTest, slotsMoveOnTheDevice) {
  std::unique_ptr<Session> session = open(true);
  ASSERT_TRUE(run(*session, "decode", {1}, {0}).ok());
  int up = fakeCalls("cuMemcpyHtoDAsync_v2"), down = fakeCalls("cuMemcpyDtoHAsync_v2");
  ASSERT_TRUE(session->states().copy(0, 1).ok());
  ASSERT_TRUE(session->states().reset(0).ok());
  std::vector<uint64_t> sources(session->states().slots(), 1);
  ASSERT_TRUE(session->states().gather(sources).ok());
  EXPECT_EQ(fakeCalls("cuMemcpyHtoDAsync_v2"), up);
  EXPECT_EQ(fakeCalls("cuMemcpyDtoHAsync_v2"), down);
  EXPECT_GT(fakeCalls("cuMemcpyDtoDAsync_v2"), 1);

  fakeFail("cuMemcpyDtoDAsync_v2", 1, 719);
  EXPECT_TRUE(session->states().copy(0, 1).ok());
  EXPECT_EQ(errorIdOf(run(*session, "decode", {1}, {0})), ErrorId::DeviceLost);
}

// A run that fails poisons what it was writing; a copy to the host that fails shows at the next run.
TEST_F(CudaSessionTest, losses) {
  std::unique_ptr<Session> session = open(true);
  ASSERT_TRUE(run(*session, "decode", {1}, {0}).ok());
  fakeFail("cuMemcpyDtoHAsync_v2", 1, 719);
  (void)session->states().bytes(0, 0);
  EXPECT_EQ(errorIdOf(run(*session, "decode", {1}, {0})), ErrorId::DeviceLost);

  session.reset();
  fakeReset(1, 90);
  session = open(true);
  fakeFail("cuGraphLaunch", 1, 719);
  absl::Status status = run(*session, "decode", {1}, {3});
  EXPECT_EQ(errorIdOf(status), ErrorId::DeviceLost);
  EXPECT_EQ(exitCodeOf(status), 4);
  EXPECT_TRUE(session->states().isPoisoned(3));
}

TEST_F(CudaSessionTest, memoryThatDoesNotSuffice) {
  fakeMemoryLimit(500);
  codegen::PackageSpec spec = test::cudaPackageSpec(test::trainingPackageSpec());
  std::string bytes = codegen::writePackage(spec);
  auto session = Session::create(
      *Package::fromBytes({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}, "m.rondo"),
      *createCudaDevice(0));
  EXPECT_EQ(errorIdOf(session.status()), ErrorId::OutOfMemory);
  EXPECT_NE(std::string(session.status().message())
                .find("bytes of free memory on cuda, Fake GPU, sm_90, found 500"),
            std::string::npos)
      << formatError(session.status());
  EXPECT_EQ(fakeLiveObjects(), 0);
}

} // namespace
} // namespace rondo::rt
