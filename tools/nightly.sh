#!/usr/bin/env bash
# What takes longer than a submission may: ten minutes of fuzzing per target, property tests with twenty times the cases, training
# that is killed 200 times, and the benchmarks: tools/nightly.sh [ctest arguments...], such as -L property for a part of the tests.
# Results and logs go to build/nightly/. A test that fails does not keep the benchmarks from running; the exit code is the tests'.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build/nightly
export RONDO_FUZZ_SECONDS=${RONDO_FUZZ_SECONDS:-600}
export RONDO_CASE_FACTOR=${RONDO_CASE_FACTOR:-20}
export RONDO_KILLS=${RONDO_KILLS:-200}

tests=0
tools/test.sh "$@" 2>&1 | tee build/nightly/test.log || tests=$?
bench/cpu/run.sh --output build/nightly/cpu.json 2>&1 | tee build/nightly/bench.log
exit "$tests"
