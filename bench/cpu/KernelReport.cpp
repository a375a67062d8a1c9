// Times kernels against the FMA peak.
#include "bench/cpu/KernelReport.h"

#include "bench/cpu/FmaPeak.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace rondo::bench {

AlignedFloats randomFloats(size_t size) {
  AlignedFloats values(size);
  for (size_t i = 0; i < size; ++i)
    values[i] = static_cast<float>(std::rand()) / static_cast<float>(RAND_MAX) - 0.5f;
  return values;
}

void report(const std::string &name, KernelRunner &kernel, const std::vector<void *> &buffers,
            int64_t workgroups, double flops) {
  double best = 0, peak = 0;
  int runs = static_cast<int>(std::clamp(4e10 / flops, 10.0, 400.0));
  for (int i = 0; i < runs; ++i) {
    double start = threadSeconds();
    kernel.run(buffers, 0, workgroups);
    best = std::max(best, flops / (threadSeconds() - start));
    if (i % 8 == 0)
      peak = std::max(peak, measureFmaPeak(0.005));
  }
  std::printf("%-46s %7.1f GFLOP/s  %5.1f %% of %.1f  compiled in %.0f ms, scratch %llu KB\n", name.c_str(),
              best * 1e-9, 100 * best / peak, peak * 1e-9, kernel.compileSeconds() * 1e3,
              static_cast<unsigned long long>(kernel.image().kernels[0].scratchBytes / 1024));
}

int measureAll(bool (*measure)(const target::Target &)) {
  std::optional<target::Target> target = target::findTarget("cpu");
  if (!target) {
    std::fprintf(stderr, "expected a CPU with AVX2, found none of the known kinds\n");
    return 4;
  }
  std::printf("target %s, one thread, best of CPU time\n", target->name.c_str());
  return measure(*target) ? 0 : 6;
}

} // namespace rondo::bench
