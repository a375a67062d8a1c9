#!/usr/bin/env bash
# Makes a folder with all that bench/gpu.sh needs on a machine with a GPU, where there is neither a compiler nor LLVM: programs that link glibc
# alone dynamically, and packages for the GPU and, in its tile sizes, for its CPU: bench/gpu_pack.sh [FOLDER [TARGET]]. Prints what the folder
# weighs (at most 60 MiB) and the newest symbol of glibc that its programs need.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-build/gpu-pack}
target=${2:-cuda:sm_90a}
tools/build.sh rondo-compile >&2
CC=${CC:-clang-22} CXX=${CXX:-clang++-22} cmake -G Ninja -S . -B build/gpu-programs -DRONDO_COMPILER=OFF -DCMAKE_EXE_LINKER_FLAGS="-static-libstdc++ -static-libgcc" >&2
ninja -C build/gpu-programs rondo-run rondo-train rondo-bench rondo-dump >&2

rm -rf "$folder"
mkdir -p "$folder/bin" "$folder/packages"
for program in rondo-run rondo-train rondo-bench rondo-dump; do
  strip -o "$folder/bin/$program" "build/gpu-programs/bin/$program"
done
cp bench/gpu.sh bench/gpu_agreement.py tools/python/tensor_file.py tools/python/triton_kernel.py "$folder/"
git rev-parse HEAD >"$folder/commit"

# compile NAME SPEC ARGUMENTS...: the same for the GPU and for any CPU with AVX2, which computes the reference.
compile() {
  local name=$1 spec=$2
  shift 2
  build/bin/rondo-compile "models/$spec.mlir" "$@" --target "$target" -q -o "$folder/packages/$name.gpu.rondo"
  build/bin/rondo-compile "models/$spec.mlir" "$@" --target cpu:x86-64-v3 --cpu-as "$target" -q -o "$folder/packages/$name.cpu.rondo"
}
for model in retnet longnet hybrid transformer; do
  compile "$model-tiny" "$model" --preset tiny --entry forward:B=2,T=75 --entry prefill:B=1,T=64 --entry decode:B=1 --entry grad:B=2,T=40
done
compile longnet_encoder-tiny longnet_encoder --preset tiny --entry forward:B=2,T=75
# Measured: without weights, which a seed makes there.
for preset in 125M 1.3B; do
  build/bin/rondo-compile models/retnet.mlir --preset $preset --entry prefill:B=1,T=2048 --entry decode:B=1 --target "$target" -q \
    -o "$folder/packages/retnet-$preset.bench.rondo"
  build/bin/rondo-compile models/retnet.mlir --preset $preset --entry decode:B=16 --target "$target" -q -o "$folder/packages/retnet-$preset-16.bench.rondo"
done
build/bin/rondo-compile models/retnet.mlir --preset 125M --entry train:B=8,T=1024 --target "$target" -q -o "$folder/packages/retnet-125M-train.bench.rondo"

bytes=$(du -sb "$folder" | cut -f1)
newest=$(/usr/lib/llvm-22/bin/llvm-objdump -T "$folder"/bin/* | grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -1)
echo "$folder: $bytes bytes, needs $newest"
if ((bytes > 60 << 20)); then
  echo "expected at most 60 MiB" >&2
  exit 1
fi
