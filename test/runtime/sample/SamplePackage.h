// A small model for tests of everything that reads or runs packages. See SampleKernels.c for what it
// computes.
#pragma once

#include "codegen/package/PackageSpec.h"

#include <string>

namespace rondo::test {

inline constexpr int kSampleVocabulary = 256;
inline constexpr int kSampleSlots = 4;

// Entries: forward (B 2, T 8; tokens -> logits of every position), prefill (B 2, T 8, 4 slots), decode (B 1,
// 4 slots). Parameters: scale [1] = 1 (alias old_scale), bias [256] normal. State: state.sum [1].
codegen::PackageSpec samplePackageSpec();

// The same model with accumulate (B 2, T 8; targets and segment_ids may be absent -> loss_weight_sum) and
// update (learning_rate, 0.5 if absent) of bias: gradients count the tokens that have a target. Optimiser
// states: adam.m.bias, accumulated.bias, accumulated.loss_weight.
codegen::PackageSpec trainingPackageSpec();

// Either model as a package for GPUs: no image, and for each kernel a module whose PTX declares it and whose
// machine code says "cubin of NAME". No GPU could run them; a driver that knows kernels by name can.
codegen::PackageSpec cudaPackageSpec(codegen::PackageSpec spec);

// The bytes of the sample model's package.
std::string samplePackage();

// Writes bytes to a file in the test's temporary folder and returns its path.
std::string writeTemporary(const std::string &name, const std::string &bytes);

} // namespace rondo::test
