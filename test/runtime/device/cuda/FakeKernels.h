// What the stand-in for the driver computes: kernels of a CPU by the names of the GPU's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

using KernelFunction = void (*)(void *const *, void *, int64_t, int64_t);

struct KnownKernel {
  KernelFunction function;
  int arguments;
  int64_t workgroups;
  size_t scratchBytes;
  // Of a kernel from elsewhere: of each parameter the bytes and what it is: the address of argument `value`,
  // the number `value`, or scratch. Its grid is two-dimensional, {1, workgroups}.
  struct Parameter {
    enum Kind { Argument, Number, Scratch, Null } kind;
    int bytes;
    uint64_t value;
  };
  std::vector<Parameter> parameters = {};
};
using Kernels = std::map<std::string, KnownKernel>;

// The sample model's, or those of the package that the environment variable RONDO_FAKE_KERNELS names.
const Kernels &kernels();
// Whether they are the sample model's, whose scratch is that of the GPU's kernels.
bool areSampleKernels();
