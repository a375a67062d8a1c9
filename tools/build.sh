#!/usr/bin/env bash
# Builds Rondo: tools/build.sh [targets...]. Installs what is missing, configures build/ once, then builds incrementally.
# RONDO_BUILD_DIR names another build folder, RONDO_CMAKE_ARGS adds configure arguments.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/install-packages.sh

build=${RONDO_BUILD_DIR:-build}
read -r -a arguments <<<"${RONDO_CMAKE_ARGS:-}"
mkdir -p "$build"
# Once configured, ninja configures again by itself where that is needed.
configured="${arguments[*]}"
if [[ ! -f $build/build.ninja || $(cat "$build/configured" 2>/dev/null) != "$configured" ]]; then
  if ! CC=clang-22 CXX=clang++-22 cmake -G Ninja -S . -B "$build" "${arguments[@]}" >"$build/configure.log" 2>&1; then
    cat "$build/configure.log" >&2
    exit 1
  fi
  echo "$configured" >"$build/configured"
fi
ninja -C "$build" "$@"
