// A model that learns, for tests of the training loop without the compiler. See TrainingKernels.c for what it
// computes.
#pragma once

#include "codegen/package/PackageSpec.h"

#include <string>

namespace rondo::test {

inline constexpr uint64_t kModelBatch = 2, kModelTime = 16;

struct TrainingModelOptions {
  bool train = true, accumulate = true, score = true; // which entries; accumulate brings update
};

// Entries train, accumulate, update (B 2, T 16) and score (B 2, T 16). Parameters: table and previous [256,
// 256], normal 0.01. State: state.last [1]. Location of the gradient: model.mlir:5:3, of the update:
// model.mlir:6:3.
codegen::PackageSpec trainingModelSpec(const TrainingModelOptions &options = {});

// The bytes of its package.
std::string trainingModel(const TrainingModelOptions &options = {});

} // namespace rondo::test
