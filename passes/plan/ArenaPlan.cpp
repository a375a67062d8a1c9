// Greedy placement of buffers by their lives.
#include "passes/plan/ArenaPlan.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <numeric>

namespace rondo {
namespace {

using Order = std::vector<size_t>;

// Comparisons that improving a plan may cost, about 50 ms.
constexpr size_t kWorkOfTries = 20'000'000, kMostTries = 64;

int64_t mostAtOnce(const std::vector<BufferLife> &lives) {
  unsigned steps = 0;
  for (const BufferLife &life : lives)
    steps = std::max(steps, life.last + 1);
  std::vector<int64_t> change(steps + 1);
  for (const BufferLife &life : lives) {
    change[life.first] += life.bytes;
    change[life.last + 1] -= life.bytes;
  }
  int64_t now = 0, most = 0;
  for (int64_t bytes : change)
    most = std::max(most, now += bytes);
  return most;
}

bool meet(const BufferLife &a, const BufferLife &b) { return a.first <= b.last && b.first <= a.last; }

// Offset of the smallest gap between the buffers of its time, else their end. `placed` is sorted by offset.
int64_t bestGap(const std::vector<BufferLife> &lives, const ArenaPlan &plan, const Order &placed,
                const BufferLife &life) {
  int64_t cursor = 0, best = -1, bestSize = 0;
  for (size_t other : placed) {
    if (!meet(lives[other], life))
      continue;
    int64_t gap = plan.offsets[other] - cursor;
    if (gap >= life.bytes && (best < 0 || gap < bestSize)) {
      best = cursor;
      bestSize = gap;
    }
    cursor = std::max(cursor, plan.offsets[other] + lives[other].bytes);
  }
  return best < 0 ? cursor : best;
}

ArenaPlan place(const std::vector<BufferLife> &lives, const Order &order) {
  ArenaPlan plan;
  plan.offsets.resize(lives.size());
  Order placed;
  for (size_t index : order) {
    int64_t offset = bestGap(lives, plan, placed, lives[index]);
    plan.offsets[index] = offset;
    auto after = std::upper_bound(placed.begin(), placed.end(), offset,
                                  [&](int64_t at, size_t other) { return at < plan.offsets[other]; });
    placed.insert(after, index);
    plan.size = std::max(plan.size, offset + lives[index].bytes);
  }
  return plan;
}

} // namespace

ArenaPlan planArena(const std::vector<BufferLife> &lives) {
  // Later ones only win if they are smaller.
  std::function<double(const BufferLife &)> weights[] = {
      [](const BufferLife &life) { return double(life.bytes); },
      [](const BufferLife &life) { return double(life.bytes) * (life.last - life.first + 1); },
      [](const BufferLife &life) { return double(life.last - life.first + 1); },
      [](const BufferLife &) { return 0.0; },
  };
  int64_t least = mostAtOnce(lives);
  ArenaPlan best;
  Order bestOrder;
  auto attempt = [&](const Order &order) {
    ArenaPlan plan = place(lives, order);
    if (!best.offsets.empty() && plan.size >= best.size)
      return plan;
    best = plan;
    bestOrder = order;
    return plan;
  };
  for (const auto &weight : weights) {
    Order order(lives.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      double x = weight(lives[a]), y = weight(lives[b]);
      return x != y ? x > y : a < b;
    });
    attempt(order);
    if (best.size == least)
      break;
  }
  // Whoever stands out at the end of the arena is placed first.
  Order order = bestOrder;
  ArenaPlan plan = best;
  for (size_t tries = std::min(kMostTries, kWorkOfTries / (lives.size() * lives.size() + 1));
       tries > 0 && best.size > least; --tries) {
    auto last = [&](size_t index) { return plan.offsets[index] + lives[index].bytes == plan.size; };
    Order next;
    std::copy_if(order.begin(), order.end(), std::back_inserter(next), last);
    std::remove_copy_if(order.begin(), order.end(), std::back_inserter(next), last);
    order = std::move(next);
    plan = attempt(order);
  }
  best.leastSize = least;
  return best;
}

} // namespace rondo
