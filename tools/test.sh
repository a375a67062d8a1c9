#!/usr/bin/env bash
# Builds and tests everything: tools/test.sh [ctest arguments...]. Three builds under one ctest report:
#   build/       compiler, runtime, every test
#   build-san/   all that links no LLVM, under AddressSanitizer and UndefinedBehaviorSanitizer, with its fuzz targets
#   build-fuzz/  the fuzz targets of the spec front end, instrumented
# The last lines are those of ctest, and so is the exit code.
set -euo pipefail
cd "$(dirname "$0")/.."
export RONDO_FUZZ_SECONDS=${RONDO_FUZZ_SECONDS:-30}
fuzz="-DRONDO_FUZZ=ON -DRONDO_FUZZ_SECONDS=$RONDO_FUZZ_SECONDS"

tools/build.sh >&2
RONDO_BUILD_DIR=build-san RONDO_CMAKE_ARGS="-DRONDO_COMPILER=OFF -DRONDO_SANITIZE=ON $fuzz" tools/build.sh >&2
RONDO_BUILD_DIR=build-fuzz RONDO_CMAKE_ARGS="-DRONDO_COMPILER=ON $fuzz" tools/build.sh fuzz-spec fuzz-triton >&2

mkdir -p build/all
for folder in build build-san build-fuzz/test/fuzz; do
  printf 'subdirs("%s")\n' "$PWD/$folder"
done >build/all/CTestTestfile.cmake
ctest --test-dir build/all --output-on-failure --no-tests=error -j2 "$@"
