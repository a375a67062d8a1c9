// One compiled kernel with its buffers, for tests that compare with plain references.
#pragma once

#include "bench/cpu/KernelRunner.h"
#include "gtest/gtest.h"

#include <cmath>
#include <random>

namespace rondo::test {

using bench::AlignedFloats;
using bench::fillIn;

inline target::Target hostTarget() { return *target::findTarget("cpu"); }

inline AlignedFloats randomFloats(size_t size, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  AlignedFloats values(size);
  for (size_t i = 0; i < size; ++i)
    values[i] = normal(generator);
  return values;
}

/// Compiles `text` for `target` and runs all `workgroups` on `buffers`.
inline void runKernel(const std::string &text, const std::vector<void *> &buffers, int64_t workgroups = 1,
                      const target::Target &target = hostTarget()) {
  bench::KernelRunner kernel(text, target);
  ASSERT_TRUE(kernel.ok()) << text;
  kernel.run(buffers, 0, workgroups);
}

/// A kernel over memrefs a, b, ... of one workgroup; `body` ends before tile.return.
inline std::string kernelText(const std::string &buffers, const std::string &writes,
                              const std::string &body) {
  return "tile.kernel @k(" + buffers + ") writes [" + writes + "] grid [1] ids(%id) {\n" +
         "%c0 = arith.constant 0 : index\n" + body + "\ntile.return\n}";
}

} // namespace rondo::test
