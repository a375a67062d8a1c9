#!/usr/bin/env bash
# Measures compiled code on one thread against the FMA peak of the same run: bench/cpu/run.sh [--output FILE.json]. A product of
# 512 x 512 x 512, and chunkwise retention (B 1, H 8, T 2048, chunk by the cost model) in four sizes, from specs compiled by
# rondo-compile. Needed FLOPs only: product 2 M N K; retention per head and token C (Dk + Dv) + 4 Dk Dv.
set -euo pipefail
cd "$(dirname "$0")/../.."
output=build/bench/cpu.json
if [[ ${1:-} == --output ]]; then
  output=$2
fi
tools/build.sh rondo-compile rondo-bench >&2
work=build/bench
mkdir -p "$work" "$(dirname "$output")"

# measure TITLE SPEC T ARGUMENTS...: one table row and one JSON line.
measure() {
  local title=$1 spec=$2 time=$3
  shift 3
  build/bin/rondo-compile -q "bench/cpu/specs/$spec.mlir" --entry "forward:B=1,T=$time" "$@" -o "$work/$spec.rondo"
  build/bin/rondo-bench "$work/$spec.rondo" --threads 1 --seconds 2 --peak -q --format=json >"$work/$spec.json"
  /usr/bin/python3 -B bench/cpu/row.py "$title" "$work/$spec.json" "$output"
}

rm -f "$output"
echo "$(git rev-parse --short HEAD) on $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs), one thread, best run"
measure "product 512 x 512 x 512" gemm 512
for key_width in 64 256; do
  for value_width in 128 512; do
    measure "retention dk $key_width dv $value_width" retention 2048 -D key_width=$key_width -D value_width=$value_width \
      --schedule chunkwise
  done
done
