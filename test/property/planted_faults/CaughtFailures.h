// Runs a check that may fail inside a test that must not.
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

namespace rondo::test {

// How many of a check's expectations fail.
inline int failuresOf(llvm::function_ref<void()> check) {
  testing::TestPartResultArray results;
  testing::ScopedFakeTestPartResultReporter reporter(
      testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
  check();
  int failures = 0;
  for (int i = 0; i < results.size(); ++i)
    failures += results.GetTestPartResult(i).failed();
  return failures;
}

} // namespace rondo::test
