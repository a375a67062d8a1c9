// Threads wait by spinning for the time that a kernel launch is apart from the next, then sleep in the
// kernel.
#include "runtime/device/cpu/ThreadPool.h"

#include <algorithm>
#include <sched.h>
#include <system_error>

namespace rondo::rt {
namespace {

// Commands of one list follow each other within microseconds; sleeping and waking takes tens of them.
constexpr int kSpins = 2000;

// Returns once `value` is no longer `old`.
void waitForChange(const std::atomic<uint32_t> &value, uint32_t old) {
  for (int i = 0; i < kSpins; ++i) {
    if (value.load(std::memory_order_acquire) != old)
      return;
    __builtin_ia32_pause();
  }
  value.wait(old, std::memory_order_acquire);
}

} // namespace

ThreadPool::ThreadPool(unsigned workers) : workers_(std::make_unique<Worker[]>(std::max(workers, 1u))) {
  for (unsigned i = 1; i < workers; ++i) {
    try {
      workers_[i].thread = std::thread([this, i] { serve(i); });
    } catch (const std::system_error &) {
      break;
    }
    ++count_;
  }
}

ThreadPool::~ThreadPool() {
  stopping_ = true;
  for (unsigned i = 1; i < count_; ++i) {
    workers_[i].round.fetch_add(1, std::memory_order_release);
    workers_[i].round.notify_one();
    workers_[i].thread.join();
  }
}

void ThreadPool::run(int64_t iterations, unsigned workers, Body body, void *context) {
  sharing_ = static_cast<unsigned>(std::min<int64_t>(iterations, std::min(workers, count_)));
  if (sharing_ == 0)
    return;
  body_ = body;
  context_ = context;
  iterations_ = iterations;
  pending_.store(sharing_ - 1, std::memory_order_relaxed);
  for (unsigned i = 1; i < sharing_; ++i) {
    workers_[i].round.fetch_add(1, std::memory_order_release);
    workers_[i].round.notify_one();
  }
  runShare(0);
  for (uint32_t left = pending_.load(std::memory_order_acquire); left != 0;
       left = pending_.load(std::memory_order_acquire))
    waitForChange(pending_, left);
}

void ThreadPool::serve(unsigned index) {
  std::atomic<uint32_t> &round = workers_[index].round;
  for (uint32_t seen = 0;; ++seen) {
    waitForChange(round, seen);
    if (stopping_)
      return;
    runShare(index);
    if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      pending_.notify_one();
  }
}

void ThreadPool::runShare(unsigned index) {
  int64_t share = iterations_ / sharing_;
  int64_t larger = iterations_ % sharing_; // the first workers take one more
  int64_t begin = index * share + std::min<int64_t>(index, larger);
  body_(context_, index, begin, begin + share + (index < larger ? 1 : 0));
}

unsigned availableProcessors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0)
    return std::max(std::thread::hardware_concurrency(), 1u);
  return static_cast<unsigned>(CPU_COUNT(&set));
}

} // namespace rondo::rt
