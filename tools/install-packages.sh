#!/usr/bin/env bash
# Installs the Debian 12 packages that building and testing Rondo needs; silent and instant when all are there.
set -euo pipefail

build_packages=(
  clang-22 lld-22 libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools libclang-rt-22-dev
  cmake ninja-build
  libabsl-dev libcli11-dev libflatbuffers-dev flatbuffers-compiler nlohmann-json3-dev libxxhash-dev zlib1g-dev libzstd-dev
  clang-format-22 libgtest-dev python3 python3-numpy
)

missing=()
for package in "${build_packages[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "error: packages are missing and there is no sudo; as root run: apt-get install ${missing[*]}" >&2
    exit 4
  fi
  as_root=(sudo)
fi
echo "installing: ${missing[*]}" >&2
"${as_root[@]}" apt-get update -qq >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
