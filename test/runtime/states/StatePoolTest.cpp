// Reset, fork, reorder and poison of slots.
#include "test/runtime/states/SamplePool.h"

#include <gtest/gtest.h>

namespace rondo::rt {
namespace {

TEST(StatePool, resetsOneSlot) {
  SamplePool sample(2);
  sample.pool.poison(1);
  ASSERT_TRUE(sample.pool.reset(1).ok());
  EXPECT_EQ(sample.floats, (std::vector<float>{1, 0, 0, 0}));
  EXPECT_EQ(sample.counts, (std::vector<int64_t>{0, 0}));
  EXPECT_EQ(sample.pool.position(1), 0);
  EXPECT_FALSE(sample.pool.isPoisoned(1));
}

TEST(StatePool, forks) {
  SamplePool sample(3);
  sample.pool.poison(0);
  ASSERT_TRUE(sample.pool.copy(2, 0).ok());
  ASSERT_TRUE(sample.pool.copy(1, 1).ok());
  EXPECT_EQ(sample.floats, (std::vector<float>{3, 0, 2, 0, 3, 0}));
  EXPECT_EQ(sample.pool.position(0), 2);
  EXPECT_TRUE(sample.pool.checkUsable(0).ok());
}

TEST(StatePool, reordersAllAtOnce) {
  SamplePool sample(3);
  ASSERT_TRUE(sample.pool.gather({2, 0, 0}).ok());
  EXPECT_EQ(sample.floats, (std::vector<float>{3, 0, 1, 0, 1, 0}));
  EXPECT_EQ(sample.counts, (std::vector<int64_t>{20, 0, 0}));
  EXPECT_EQ(sample.pool.position(0), 2);
}

TEST(StatePool, refusesPoisonedAndMissingSlots) {
  SamplePool sample(2);
  sample.pool.poison(1);
  EXPECT_EQ(errorIdOf(sample.pool.checkUsable(1)), ErrorId::StatePoisoned);
  EXPECT_EQ(errorIdOf(sample.pool.copy(1, 0)), ErrorId::StatePoisoned);
  EXPECT_EQ(errorIdOf(sample.pool.gather({0, 1})), ErrorId::StatePoisoned);
  EXPECT_EQ(errorIdOf(sample.pool.gather({0})), ErrorId::InputCount);
  EXPECT_EQ(errorIdOf(sample.pool.copy(0, 2)), ErrorId::TokenRange);
  EXPECT_EQ(errorIdOf(sample.pool.reset(2)), ErrorId::TokenRange);
  sample.pool.heal(1);
  EXPECT_TRUE(sample.pool.checkUsable(1).ok());
}

TEST(StatePool, refusesMemoryThatDoesNotFit) {
  std::vector<uint8_t> bytes(15);
  EXPECT_EQ(
      errorIdOf(StatePool::create({{"s", format::DType::F32, {2}, 8}}, 2, {absl::MakeSpan(bytes)}).status()),
      ErrorId::Internal);
}

} // namespace
} // namespace rondo::rt
