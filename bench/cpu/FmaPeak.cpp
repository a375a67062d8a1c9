// Measures the FMA peak: sixteen chains, more than latency times issue width on current cores.
#include "bench/cpu/FmaPeak.h"

#include <algorithm>
#include <ctime>

namespace rondo::bench {

double threadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

namespace {

constexpr int kChains = 16, kSteps = 20000;

template <typename Vector> [[gnu::always_inline]] inline double runChains() {
  Vector chains[kChains];
  float seed = static_cast<float>(threadSeconds());
  for (int i = 0; i < kChains; ++i)
    chains[i] = Vector{} + seed * 1e-9f;
  volatile float constants[] = {0.999999f, 1e-9f}; // unknown to the optimiser
  Vector factor = Vector{} + constants[0], addend = Vector{} + constants[1];
  double start = threadSeconds();
  for (int step = 0; step < kSteps; ++step) {
#pragma unroll
    for (int i = 0; i < kChains; ++i)
      chains[i] = __builtin_elementwise_fma(chains[i], factor, addend);
  }
  double elapsed = threadSeconds() - start;
  for (int i = 1; i < kChains; ++i)
    chains[0] += chains[i];
  volatile float sink = chains[0][0]; // the work is wanted
  (void)sink;
  return 2.0 * sizeof(Vector) / sizeof(float) * kChains * kSteps / elapsed;
}

typedef float Wide __attribute__((vector_size(64)));
typedef float Narrow __attribute__((vector_size(32)));

[[gnu::target("avx512f,fma"), clang::min_vector_width(512), gnu::noinline]] double runWide() {
  return runChains<Wide>();
}
[[gnu::target("avx2,fma"), gnu::noinline]] double runNarrow() { return runChains<Narrow>(); }

} // namespace

double measureFmaPeak(double seconds) {
  bool isWide = __builtin_cpu_supports("avx512f");
  double best = 0, end = threadSeconds() + seconds;
  while (threadSeconds() < end)
    best = std::max(best, isWide ? runWide() : runNarrow());
  return best;
}

} // namespace rondo::bench
