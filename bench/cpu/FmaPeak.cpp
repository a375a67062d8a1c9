// Measures the FMA peak: twelve chains, more than latency times issue width on current cores.
#include "bench/cpu/FmaPeak.h"

#include <algorithm>
#include <cstdint>
#include <ctime>

namespace rondo::bench {

double threadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

namespace {

constexpr int kChains = 12;
constexpr int64_t kSteps = 20000;

// Written out as instructions: a compiler is free to split vectors.
#define RONDO_FMA_CHAINS(R)                                                                                  \
  "1:\n"                                                                                                     \
  "vfmadd213ps %%" R "13, %%" R "12, %%" R "0\nvfmadd213ps %%" R "13, %%" R "12, %%" R "1\n"                 \
  "vfmadd213ps %%" R "13, %%" R "12, %%" R "2\nvfmadd213ps %%" R "13, %%" R "12, %%" R "3\n"                 \
  "vfmadd213ps %%" R "13, %%" R "12, %%" R "4\nvfmadd213ps %%" R "13, %%" R "12, %%" R "5\n"                 \
  "vfmadd213ps %%" R "13, %%" R "12, %%" R "6\nvfmadd213ps %%" R "13, %%" R "12, %%" R "7\n"                 \
  "vfmadd213ps %%" R "13, %%" R "12, %%" R "8\nvfmadd213ps %%" R "13, %%" R "12, %%" R "9\n"                 \
  "vfmadd213ps %%" R "13, %%" R "12, %%" R "10\nvfmadd213ps %%" R "13, %%" R "12, %%" R "11\n"               \
  "dec %0\njnz 1b\n"
#define RONDO_CLOBBERED                                                                                      \
  "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",    \
      "xmm12", "xmm13"
// All registers zero: subnormals or NaN left in them must not slow the chains.
#define RONDO_CLEAR(I) "vpxor %%xmm" I ", %%xmm" I ", %%xmm" I "\n"
// clang-format off
#define RONDO_CLEAR_ALL                                                                                      \
  RONDO_CLEAR("0") RONDO_CLEAR("1") RONDO_CLEAR("2") RONDO_CLEAR("3") RONDO_CLEAR("4") RONDO_CLEAR("5")      \
  RONDO_CLEAR("6") RONDO_CLEAR("7") RONDO_CLEAR("8") RONDO_CLEAR("9") RONDO_CLEAR("10") RONDO_CLEAR("11")    \
  RONDO_CLEAR("12") RONDO_CLEAR("13")
// clang-format on

double runChains(bool isWide) {
  int64_t steps = kSteps;
  double start = threadSeconds();
  if (isWide)
    asm volatile(RONDO_CLEAR_ALL RONDO_FMA_CHAINS("zmm") : "+r"(steps) : : RONDO_CLOBBERED);
  else
    asm volatile(RONDO_CLEAR_ALL RONDO_FMA_CHAINS("ymm") : "+r"(steps) : : RONDO_CLOBBERED);
  double lanes = isWide ? 16 : 8;
  return 2.0 * lanes * kChains * static_cast<double>(kSteps) / (threadSeconds() - start);
}

} // namespace

double measureFmaPeak(double seconds) {
  bool isWide = __builtin_cpu_supports("avx512f");
  double best = 0, end = threadSeconds() + seconds;
  while (threadSeconds() < end)
    best = std::max(best, runChains(isWide));
  return best;
}

} // namespace rondo::bench
