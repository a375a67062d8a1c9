// What the stand-in for the driver computes: kernels of a CPU by the names of the GPU's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

using KernelFunction = void (*)(void *const *, void *, int64_t, int64_t);

struct KnownKernel {
  KernelFunction function;
  int arguments;
  int64_t workgroups;
  size_t scratchBytes;
};
using Kernels = std::map<std::string, KnownKernel>;

// The sample model's, or those of the package that the environment variable RONDO_FAKE_KERNELS names.
const Kernels &kernels();
// Whether they are the sample model's, whose scratch is that of the GPU's kernels.
bool areSampleKernels();
