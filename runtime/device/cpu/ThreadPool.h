// A fixed set of threads that share each loop by a static split: which worker runs which iterations depends
// only on the two numbers, and starting a loop allocates nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

namespace rondo::rt {

// The calling thread is worker 0. One loop at a time; not to be used from inside a loop.
class ThreadPool {
public:
  // Runs iterations [begin, end) as worker `worker`. Must not throw.
  using Body = void (*)(void *context, unsigned worker, int64_t begin, int64_t end);

  // At least one worker. Threads that the system refuses to start are done without.
  explicit ThreadPool(unsigned workers);
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;
  ~ThreadPool();

  unsigned size() const { return count_; }

  // Splits [0, iterations) among at most `workers` into contiguous shares whose sizes differ by at most one,
  // and returns when all are done.
  void run(int64_t iterations, unsigned workers, Body body, void *context);

private:
  // A worker sleeps on its own number, so that loops with few iterations wake few workers.
  struct alignas(64) Worker {
    std::atomic<uint32_t> round = 0;
    std::thread thread;
  };
  void serve(unsigned index);
  void runShare(unsigned index);

  unsigned count_ = 1;
  std::unique_ptr<Worker[]> workers_;

  // The loop at hand; written before the workers that share in it are woken.
  Body body_ = nullptr;
  void *context_ = nullptr;
  int64_t iterations_ = 0;
  unsigned sharing_ = 0;
  bool stopping_ = false;
  alignas(64) std::atomic<uint32_t> pending_ = 0; // workers still at it, the caller not counted
};

// Processors that this process may run on.
unsigned availableProcessors();

} // namespace rondo::rt
