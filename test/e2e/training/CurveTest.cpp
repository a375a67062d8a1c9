// A compiled RetNet learns like PyTorch's: 200 steps from the same weights on the same data.
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/exec/Session.h"

#include <fstream>
#include <gtest/gtest.h>

using namespace rondo::rt;

namespace {

constexpr uint64_t batch = 4, steps = 128; // of a row

// Pseudo-text over 64 symbols; make_pytorch_curve.py has the same.
class Text {
public:
  std::vector<int32_t> next(size_t count) {
    std::vector<int32_t> tokens(count);
    for (int32_t &token : tokens) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      symbol = (5 * symbol + 17 + static_cast<int32_t>((state >> 33) % 3)) % 64;
      token = symbol;
    }
    return tokens;
  }

private:
  uint64_t state = 1;
  int32_t symbol = 0;
};

template <typename T>
TensorView view(const std::vector<T> &values, format::DType dtype, absl::Span<const uint64_t> shape) {
  return {dtype, shape, {reinterpret_cast<const uint8_t *>(values.data()), values.size() * sizeof(T)}};
}

float scalar(const Executor &executor, const char *name) {
  float value;
  std::memcpy(&value, executor.output(name)->bytes.data(), sizeof value);
  return value;
}

std::vector<double> referenceLosses() {
  std::ifstream file(RONDO_PYTORCH_CURVE);
  std::vector<double> losses;
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#')
      losses.push_back(std::stod(line));
  return losses;
}

std::unique_ptr<Session> makeSession(unsigned threads) {
  absl::StatusOr<Package> package = Package::open(RONDO_TRAINING_PACKAGE);
  EXPECT_TRUE(package.ok()) << formatError(package.status());
  auto session = Session::create(*std::move(package), createCpuDevice(threads));
  EXPECT_TRUE(session.ok()) << formatError(session.status());
  (*session)->parameters().initialise(1);
  return *std::move(session);
}

// One step of `train`, or of `accumulate` and `update`, on states that are empty.
class Steps {
public:
  explicit Steps(Session &session) : session(session) {}

  Executor &entry(const char *name) { return **session.executor(*session.package().findEntry(name)); }

  float train(const std::vector<int32_t> &tokens, int64_t step) {
    Executor &executor = entry("train");
    run(executor, tokens, step);
    return scalar(executor, "loss");
  }
  void run(Executor &executor, const std::vector<int32_t> &tokens, int64_t step) {
    for (uint64_t slot = 0; slot < batch; ++slot)
      EXPECT_TRUE(session.states().reset(slot).ok());
    std::vector<int64_t> count{step};
    uint64_t shape[] = {batch, steps};
    EXPECT_TRUE(executor.inputs().set("tokens", view(tokens, format::DType::I32, shape)).ok());
    EXPECT_TRUE(executor.inputs().set("step", view(count, format::DType::I64, {})).ok());
    absl::Status status = session.run(executor);
    EXPECT_TRUE(status.ok()) << formatError(status);
  }

private:
  Session &session;
};

TEST(TrainingCurve, FollowsPyTorch) {
  std::vector<double> reference = referenceLosses();
  ASSERT_EQ(reference.size(), 200u);
  std::unique_ptr<Session> session = makeSession(2);
  Steps training(*session);
  Text text;
  for (size_t step = 0; step < reference.size(); ++step) {
    float loss = training.train(text.next(batch * steps), static_cast<int64_t>(step));
    // Rounding grows along the way: f32 here, float64 there.
    EXPECT_NEAR(loss, reference[step], step < 20 ? 1e-4 : 5e-3) << "step " << step;
  }
}

// Four equal micro-batches make the step that one of them makes: the sum is divided by the sum of weights.
TEST(TrainingCurve, AccumulationIsOneBatch) {
  std::unique_ptr<Session> whole = makeSession(1), parts = makeSession(1);
  Steps one(*whole), many(*parts);
  std::vector<int32_t> tokens = Text().next(batch * steps);
  one.train(tokens, 0);
  for (int part = 0; part < 4; ++part)
    many.run(many.entry("accumulate"), tokens, 0);
  absl::Status status = parts->run(many.entry("update"));
  ASSERT_TRUE(status.ok()) << formatError(status);
  EXPECT_NEAR(scalar(many.entry("update"), "grad_norm"), scalar(one.entry("train"), "grad_norm"), 1e-5);
  EXPECT_FLOAT_EQ(scalar(many.entry("update"), "loss_weight_sum"), 4 * batch * (steps - 1));
  double largest = 0;
  for (size_t i = 0; i < whole->parameters().size(); ++i)
    for (size_t k = 0; k < whole->parameters().storage(i).size(); ++k)
      largest = std::max<double>(
          largest, std::abs(whole->parameters().storage(i)[k] - parts->parameters().storage(i)[k]));
  // A step is at most the learning rate; where a gradient is near 0 its sign may differ.
  EXPECT_LT(largest, 2.1e-3);
  EXPECT_GT(largest, 0);
}

// The same bits with one thread and with three.
TEST(TrainingCurve, ThreadsChangeNoBit) {
  std::unique_ptr<Session> one = makeSession(1), three = makeSession(3);
  Steps alone(*one), together(*three);
  Text text;
  for (int64_t step = 0; step < 3; ++step) {
    std::vector<int32_t> tokens = text.next(batch * steps);
    EXPECT_EQ(alone.train(tokens, step), together.train(tokens, step));
  }
  for (size_t i = 0; i < one->parameters().size(); ++i)
    EXPECT_EQ(std::memcmp(one->parameters().storage(i).data(), three->parameters().storage(i).data(),
                          one->parameters().storage(i).size() * sizeof(float)),
              0)
        << one->parameters().info(i).name;
}

// A model that sees one batch again and again knows it by heart.
TEST(TrainingCurve, OneBatchIsOverfitted) {
  std::unique_ptr<Session> session = makeSession(2);
  Steps training(*session);
  std::vector<int32_t> tokens = Text().next(batch * steps);
  float first = training.train(tokens, 0), last = first;
  for (int64_t step = 1; step < 150; ++step)
    last = training.train(tokens, step);
  EXPECT_NEAR(first, std::log(256.0), 0.6); // at initialisation: as good as guessing
  EXPECT_LT(last, 0.75);                    // the source has ln 3 = 1.10 per token
}

} // namespace
