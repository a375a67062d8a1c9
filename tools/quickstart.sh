#!/usr/bin/env bash
# From a fresh Debian 12 machine to a running RetNet: tools/quickstart.sh [text files...]. Builds what is needed, compiles
# models/retnet.mlir once per schedule, scores the texts (default: the licences that every Debian machine has), and continues a
# prompt step by step.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh rondo-compile rondo-run >&2

texts=("$@")
((${#texts[@]})) || mapfile -t texts < <(find /usr/share/common-licenses -type f | sort)
work=build/quickstart
mkdir -p "$work"
/usr/bin/python3 -B tools/quickstart/score_texts.py build/bin "$work" "${texts[@]}"

echo
echo "A continuation, token by token from carried states (the weights are untrained, so it means nothing):"
build/bin/rondo-run "$work/recurrent.rondo" --weights "$work/weights.safetensors" -p "This program is free software" -n 48 --seed 1 |
  LC_ALL=C tr -c '[:print:]\n' '.'
echo
