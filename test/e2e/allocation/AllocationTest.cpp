// A compiled RetNet allocates nothing while its entry points run, once each has run.
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/exec/Session.h"
#include "runtime/generate/Generator.h"
#include "test/runtime/exec/AllocationCount.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numeric>

using namespace rondo::rt;

namespace {

// The number of threads.
class CompiledModel : public testing::TestWithParam<unsigned> {
protected:
  void SetUp() override {
    absl::StatusOr<Package> package = Package::open(RONDO_TINY_PACKAGE);
    ASSERT_TRUE(package.ok()) << formatError(package.status());
    auto created = Session::create(*std::move(package), createCpuDevice(GetParam()));
    ASSERT_TRUE(created.ok()) << formatError(created.status());
    session = *std::move(created);
    session->parameters().initialise(1);
  }

  // Runs an entry point 100 times after a first time; the number of allocations.
  uint64_t allocationsOf(const char *entry, const std::vector<int32_t> &tokens, std::vector<uint64_t> shape) {
    Executor &executor = **session->executor(*session->package().findEntry(entry));
    auto run = [&] {
      bool good =
          executor.inputs()
              .set("tokens",
                   {format::DType::I32,
                    shape,
                    {reinterpret_cast<const uint8_t *>(tokens.data()), tokens.size() * sizeof(int32_t)}})
              .ok();
      return good && session->run(executor).ok();
    };
    EXPECT_TRUE(run());
    uint64_t before = rondo::test::allocationCount();
    bool good = true;
    for (int time = 0; time < 100; ++time)
      good &= session->run(executor).ok();
    uint64_t after = rondo::test::allocationCount();
    EXPECT_TRUE(good);
    const auto &bytes = executor.output(size_t(0)).bytes;
    EXPECT_TRUE(std::isfinite(reinterpret_cast<const float *>(bytes.data())[0]));
    return after - before;
  }

  std::unique_ptr<Session> session;
};

std::vector<int32_t> text(size_t count) {
  std::vector<int32_t> tokens(count);
  std::iota(tokens.begin(), tokens.end(), 32);
  return tokens;
}

TEST_P(CompiledModel, decodeAllocatesNothing) { EXPECT_EQ(allocationsOf("decode", text(1), {1, 1}), 0u); }
TEST_P(CompiledModel, prefillAllocatesNothing) { EXPECT_EQ(allocationsOf("prefill", text(32), {1, 32}), 0u); }
TEST_P(CompiledModel, scoreAllocatesNothing) { EXPECT_EQ(allocationsOf("score", text(32), {1, 32}), 0u); }
TEST_P(CompiledModel, forwardAllocatesNothing) { EXPECT_EQ(allocationsOf("forward", text(96), {2, 48}), 0u); }

// Sampling and the walk over stretches included; 32 tokens go through prefill, single ones through decode.
TEST_P(CompiledModel, generationAllocatesNothing) {
  absl::StatusOr<Generator> generator =
      Generator::create(*session, 0, {.temperature = 0.8, .topK = 10, .topP = 0.9});
  ASSERT_TRUE(generator.ok()) << formatError(generator.status());
  std::vector<int32_t> prompt = text(32);
  ASSERT_TRUE(generator->feed(prompt).ok());
  int32_t token = *generator->draw();
  ASSERT_TRUE(generator->feed({&token, 1}).ok());
  uint64_t before = rondo::test::allocationCount();
  bool good = true;
  for (int step = 0; step < 100; ++step) {
    absl::StatusOr<int32_t> drawn = generator->draw();
    good &= drawn.ok();
    token = *drawn;
    good &= generator->feed({&token, 1}).ok();
  }
  for (int stretch = 0; stretch < 100; ++stretch)
    good &= generator->feed(prompt).ok();
  EXPECT_EQ(rondo::test::allocationCount() - before, 0u);
  EXPECT_TRUE(good);
}

// Opening a model does allocate, and the counter of this program sees it.
TEST_P(CompiledModel, theCounterCounts) {
  uint64_t before = rondo::test::allocationCount();
  EXPECT_TRUE(Package::open(RONDO_TINY_PACKAGE).ok());
  EXPECT_GT(rondo::test::allocationCount(), before);
}

INSTANTIATE_TEST_SUITE_P(Threads, CompiledModel, testing::Values(1u, 3u));

} // namespace
