#!/usr/bin/env bash
# Runs on a machine with a GPU what gpu_pack.sh put into a folder, and needs there the driver and Python with numpy ($PYTHON, or python3): gpu.sh [--skip SECTION]...
# from inside of that folder. Sections: agreement (what the GPU computes beside the CPU), bench (prefill, decode and training of RetNet, times of all
# kernels with them). Results go to results.json, with device and commit; the exit code is 1 if something disagrees.
set -euo pipefail
cd "$(dirname "$0")"
if [[ ! -d packages ]]; then
  echo "expected a folder made by bench/gpu_pack.sh" >&2
  exit 2
fi
skipped=" "
while [[ ${1:-} == --skip ]]; do
  skipped+="$2 "
  shift 2
done
runs() { [[ $skipped != *" $1 "* ]]; }

failed=0
device=$(bin/rondo-run --list-devices | grep -m1 '^cuda:0') || {
  echo "no GPU: $(bin/rondo-run --list-devices | tr '\n' ';')" >&2
  exit 4
}
echo "$device, commit $(cat commit)"
{
  printf '{"device": "%s", "commit": "%s"' "$device" "$(cat commit)"
  if runs agreement; then
    "${PYTHON:-python3}" -B gpu_agreement.py . >agreement.jsonl || failed=1
    cat agreement.jsonl >&2
    printf ',\n"agreement": [%s]' "$(paste -sd, agreement.jsonl)"
  fi
  if runs bench; then
    separator=""
    printf ',\n"bench": ['
    for package in packages/*.bench.rondo; do
      bin/rondo-bench "$package" --seconds 3 -q --format=json >bench.json
      bin/rondo-bench "$package" --seconds 3 -q >&2
      printf '%s{"package": "%s", "entries": %s}' "$separator" "$(basename "$package")" "$(cat bench.json)"
      separator=","
    done
    printf ']'
  fi
  printf '}\n'
} >results.json
exit $failed
