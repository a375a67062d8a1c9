// Compiled models with their sequences in slots: decode gives what the whole sequence does, a fork goes on as
// its origin would, and a cache that is full is refused before anything changes.
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/exec/Session.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace rondo::rt;

namespace {

constexpr int kCapacity = 48; // of the transformer's caches

using Logits = std::vector<float>;

// The model's name.
class SlotsTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    absl::StatusOr<Package> package = Package::open(std::string(RONDO_SLOT_PACKAGES) + GetParam() + ".rondo");
    ASSERT_TRUE(package.ok()) << formatError(package.status());
    auto created = Session::create(*std::move(package), createCpuDevice(1));
    ASSERT_TRUE(created.ok()) << formatError(created.status());
    session = *std::move(created);
    session->parameters().initialise(1);
    std::mt19937 generator(2);
    for (int i = 0; i < kCapacity; ++i)
      tokens.push_back(static_cast<int32_t>(generator() % 256));
  }

  absl::Status run(const char *entry, std::vector<int32_t> input, int32_t slot, int32_t length) {
    Executor &executor = **session->executor(*session->package().findEntry(entry));
    executor.inputs().clear();
    uint64_t row[] = {1}, matrix[] = {1, executor.entry().time()};
    input.resize(executor.entry().time(), 0);
    auto set = [&](const char *name, const int32_t *values, absl::Span<const uint64_t> shape, size_t count) {
      absl::Span<const uint8_t> bytes(reinterpret_cast<const uint8_t *>(values), count * sizeof(int32_t));
      return executor.inputs().set(name, {format::DType::I32, shape, bytes});
    };
    RONDO_RETURN_IF_ERROR(set("tokens", input.data(), matrix, input.size()));
    if (std::string(entry) != "forward")
      RONDO_RETURN_IF_ERROR(set("slot", &slot, row, 1));
    if (std::string(entry) == "prefill")
      RONDO_RETURN_IF_ERROR(set("length", &length, row, 1));
    RONDO_RETURN_IF_ERROR(session->run(executor));
    const TensorView output = *executor.output("logits");
    const auto *values = reinterpret_cast<const float *>(output.bytes.data());
    logits.assign(values, values + output.bytes.size() / sizeof(float));
    return absl::OkStatus();
  }

  Logits prefill(int32_t slot, int32_t count) {
    EXPECT_TRUE(run("prefill", {tokens.begin(), tokens.begin() + count}, slot, count).ok());
    return logits;
  }
  Logits decode(int32_t slot, int32_t token) {
    absl::Status status = run("decode", {token}, slot, 1);
    EXPECT_TRUE(status.ok()) << formatError(status);
    return logits;
  }

  std::unique_ptr<Session> session;
  std::vector<int32_t> tokens;
  Logits logits; // of the last run
};

TEST_P(SlotsTest, decodeEqualsForwardAtEveryPosition) {
  ASSERT_TRUE(run("forward", tokens, 0, kCapacity).ok());
  Logits whole = logits;
  constexpr int begin = 20;
  Logits last = prefill(3, begin);
  for (int position = begin - 1; position < kCapacity; ++position) {
    if (position >= begin)
      last = decode(3, tokens[position]);
    ASSERT_EQ(last.size(), 256u);
    for (size_t i = 0; i < last.size(); ++i)
      ASSERT_NEAR(last[i], whole[position * 256 + i], 2e-5) << "position " << position << ", logit " << i;
  }
}

TEST_P(SlotsTest, forksGoOnAsTheirOriginWould) {
  prefill(0, 20);
  decode(0, 7);
  ASSERT_TRUE(session->states().copy(0, 2).ok());
  // From here on each goes its own way, the two taking turns.
  std::vector<Logits> origin, fork;
  for (int step = 0; step < 12; ++step) {
    origin.push_back(decode(0, 10 + step));
    fork.push_back(decode(2, 90 - step));
  }
  for (auto [first, expected] : {std::pair(10, &origin), std::pair(90, &fork)}) {
    prefill(1, 20);
    decode(1, 7);
    for (int step = 0; step < 12; ++step)
      EXPECT_EQ(decode(1, first == 10 ? 10 + step : 90 - step), (*expected)[step])
          << first << ", step " << step;
    ASSERT_TRUE(session->states().reset(1).ok());
  }
  EXPECT_NE(origin.back(), fork.back());
}

INSTANTIATE_TEST_SUITE_P(Models, SlotsTest, testing::Values("retnet", "longnet", "hybrid", "transformer"),
                         [](const auto &info) { return std::string(info.param); });

class FullCache : public SlotsTest {};

TEST_P(FullCache, isRefusedAndNothingChanges) {
  prefill(0, 32);
  for (int position = 32; position < kCapacity - 1; ++position)
    decode(0, tokens[position]);
  ASSERT_TRUE(session->states().copy(0, 1).ok());
  absl::Status tooLong = run("prefill", tokens, 0, 2);
  EXPECT_EQ(errorIdOf(tooLong), rondo::ErrorId::StateFull) << formatError(tooLong);
  // The slot is as it was: the last position that fits gives what its fork gives.
  EXPECT_EQ(decode(0, 5), decode(1, 5));
  EXPECT_EQ(session->states().position(0), kCapacity);
  absl::Status full = run("decode", {5}, 0, 1);
  EXPECT_EQ(errorIdOf(full), rondo::ErrorId::StateFull);
  EXPECT_NE(formatError(full).find("expected at most 48 positions in slot 0, found 49"), std::string::npos)
      << formatError(full);
  ASSERT_TRUE(session->states().reset(0).ok());
  decode(0, 5);
}

INSTANTIATE_TEST_SUITE_P(Models, FullCache, testing::Values("transformer"),
                         [](const auto &info) { return std::string(info.param); });

} // namespace
