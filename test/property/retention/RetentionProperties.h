// What compiled retention promises, as checks that also run on kernels with planted faults.
#pragma once

#include "test/property/retention/RetentionCase.h"

namespace rondo::test {

constexpr uint64_t firstSeed = 20260;

struct RetentionCase {
  RetentionShape shape;
  uint64_t seed; // of its inputs
};

// The problems that every build checks against float64: random ones (more with RONDO_CASE_FACTOR), adjoint
// ones, and torchscale's carried row scale.
std::vector<RetentionCase> scheduleCases();
std::vector<RetentionCase> adjointCases();
std::vector<RetentionCase> rowScaleCases();

// The schedules that a problem is run under, "chunkwise, 8" and the like, and its entry point's name per
// schedule.
std::vector<std::string> schedulesOf(const RetentionShape &shape);
std::string entryName(size_t problem, size_t schedule);
// All shapes under all their schedules, in one module.
std::string moduleOf(const std::vector<RetentionShape> &shapes);

// GoogleTest failures where a value is not finite, or further from the reference than the bound that Rondo
// promises. `runOfHead`: that many values in a row belong to one head.
void expectClose(const std::vector<float> &actual, const Expected &expected, const RetentionShape &shape,
                 int64_t runOfHead, const char *what);

// Every problem, under all its schedules and for all kinds of inputs, against float64.
void checkAgainstReference(const std::vector<RetentionCase> &cases, Mutation mutate = nullptr);

// A state in a pool is read and written in place; the slots of others stay as they are.
void checkStatesInSlots(Mutation mutate = nullptr);

} // namespace rondo::test
