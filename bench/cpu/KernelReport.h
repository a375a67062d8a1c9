// What the kernel benchmarks share: random operands, the lines of the report, and the program around them.
#pragma once

#include "bench/cpu/KernelRunner.h"

namespace rondo::bench {

AlignedFloats randomFloats(size_t size);
/// Best of many runs, with the FMA peak measured between them: on a shared machine both move together.
void report(const std::string &name, KernelRunner &kernel, const std::vector<void *> &buffers,
            int64_t workgroups, double flops);
/// The main function of a kernel benchmark: names the machine, measures on it and returns the exit code. A
/// kernel that does not compile makes `measure` return false.
int measureAll(bool (*measure)(const target::Target &));
/// The products of a linear layer's backward pass; false if a kernel does not compile.
bool runGradients(const target::Target &target);
/// Attention over dilated views; false if a kernel does not compile.
bool runAttentions(const target::Target &target);
/// What random numbers cost in dropout; false if a kernel does not compile.
bool runDropout(const target::Target &target);

} // namespace rondo::bench
