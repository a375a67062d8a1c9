// What the kernel benchmarks share: random operands, and a line of the report.
#pragma once

#include "bench/cpu/KernelRunner.h"

namespace rondo::bench {

AlignedFloats randomFloats(size_t size);
/// Best of many runs, with the FMA peak measured between them: on a shared machine both move together.
void report(const std::string &name, KernelRunner &kernel, const std::vector<void *> &buffers,
            int64_t workgroups, double flops);
/// The products of a linear layer's backward pass; false if a kernel does not compile.
bool runGradients(const target::Target &target);

} // namespace rondo::bench
