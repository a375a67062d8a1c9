// The static split of loops over workers.
#include "runtime/device/cpu/ThreadPool.h"

#include "gtest/gtest.h"

#include <vector>

namespace rondo::rt {
namespace {

struct Share {
  int64_t begin = 0;
  int64_t end = 0;
  bool operator==(const Share &) const = default;
};

void note(void *context, unsigned worker, int64_t begin, int64_t end) {
  (*static_cast<std::vector<Share> *>(context))[worker] = {begin, end};
}

std::vector<Share> split(unsigned workers, int64_t iterations) {
  ThreadPool pool(workers);
  std::vector<Share> shares(workers);
  pool.run(iterations, workers, note, &shares);
  return shares;
}

TEST(ThreadPool, sharesDifferByAtMostOne) {
  EXPECT_EQ(split(3, 8), (std::vector<Share>{{0, 3}, {3, 6}, {6, 8}}));
  EXPECT_EQ(split(2, 5), (std::vector<Share>{{0, 3}, {3, 5}}));
  EXPECT_EQ(split(1, 7), (std::vector<Share>{{0, 7}}));
}

TEST(ThreadPool, fewIterationsUseFewWorkers) {
  EXPECT_EQ(split(4, 2), (std::vector<Share>{{0, 1}, {1, 2}, {}, {}}));
}

TEST(ThreadPool, smallLoopsStayWithTheCaller) {
  ThreadPool pool(3);
  std::vector<Share> shares(3);
  pool.run(8, 1, note, &shares);
  EXPECT_EQ(shares, (std::vector<Share>{{0, 8}, {}, {}}));
}

TEST(ThreadPool, no_iterations) { EXPECT_EQ(split(2, 0), (std::vector<Share>{{}, {}})); }

// Loops of all sizes in a row: every iteration runs once, also when workers go to sleep in between.
TEST(ThreadPool, everyIterationRunsOnce) {
  ThreadPool pool(4);
  std::vector<int> counts(64);
  auto count = [](void *context, unsigned, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      ++(*static_cast<std::vector<int> *>(context))[i];
  };
  for (int round = 0; round < 2000; ++round)
    pool.run(round % 65, 4, count, &counts);
  std::vector<int> expected(64);
  for (int round = 0; round < 2000; ++round)
    for (int i = 0; i < round % 65; ++i)
      ++expected[i];
  EXPECT_EQ(counts, expected);
}

} // namespace
} // namespace rondo::rt
