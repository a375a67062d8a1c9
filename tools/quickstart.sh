#!/usr/bin/env bash
# From a fresh Debian 12 machine to a RetNet that has learnt: tools/quickstart.sh [--steps N] [text files..., the last held out]. Builds what is needed, compiles
# models/retnet.mlir, trains it for about two minutes on the texts (default: the licences that every Debian machine has, one of
# them held out), says what the held-out text costs under it and under simpler models, and continues a prompt token by token.
# A twentieth of each training text chooses the best weights; the held-out text chooses nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh rondo-compile rondo-run rondo-train >&2

steps=2000
if [[ ${1:-} == --steps ]]; then
  steps=$2
  shift 2
fi
texts=("$@")
if ((${#texts[@]} == 0)); then
  mapfile -t texts < <(find /usr/share/common-licenses -type f ! -name MPL-2.0 | sort)
  texts+=(/usr/share/common-licenses/MPL-2.0) # the others have one in nine of its runs of eight words; of LGPL-2.1's four in five
fi
held_out=${texts[-1]}
unset 'texts[-1]'
work=build/quickstart
mkdir -p "$work"

# Small enough to learn in two minutes; dropout and much weight decay, for the text is read ten times. The defaults of
# everything else are the spec's.
model=(-D width=192 -D heads=4 -D layers=4 -D ffn_width=384 -D dropout=0.2)
build/bin/rondo-compile models/retnet.mlir "${model[@]}" --entry train:B=4,T=256 --entry score:B=1,T=1024 --entry prefill:B=1,T=64 \
  --entry decode:B=1 -o "$work/model.rondo" -q
# From the middle of each text a twentieth for validation; what stands before it and after it is trained on.
rm -rf "$work/training" "$work/validation"
mkdir "$work/training" "$work/validation"
for text in "${texts[@]}"; do
  size=$(wc -c <"$text")
  name=$(printf '%03d' "$(find "$work/validation" -type f | wc -l)")-$(basename "$text")
  head -c $((size * 19 / 40)) "$text" >"$work/training/$name-begin"
  head -c $((size * 19 / 40 + size / 20)) "$text" | tail -c $((size / 20)) >"$work/validation/$name"
  tail -c $((size - size * 19 / 40 - size / 20)) "$text" >"$work/training/$name-end"
done

# A run of the same package on the same texts goes on, or is there already; any other begins afresh.
run="$(cat "$work/model.rondo" "$work"/training/* "$work"/validation/* | cksum) $steps"
if [[ $(cat "$work/run.id" 2>/dev/null) != "$run" ]]; then
  rm -rf "$work/run"
  echo "$run" >"$work/run.id"
fi
echo "Training on ${#texts[@]} texts, $(cat "$work"/training/* | wc -c) bytes; validation: $(cat "$work"/validation/* | wc -c) bytes from their middles."
echo "Held out: $(basename "$held_out"), $(wc -c <"$held_out") bytes."
build/bin/rondo-train "$work/model.rondo" --data "$work/training" --val "$work/validation" --steps "$steps" --weight-decay 2.5 \
  --save-every $((steps / 10)) --seed 1 --out "$work/run"

echo
/usr/bin/python3 -B tools/quickstart/compare_models.py build/bin "$work" "$work/run/best.safetensors" "$held_out" "${texts[@]}" -- "${model[@]}"
echo
echo "A continuation, token by token from carried states:"
build/bin/rondo-run "$work/model.rondo" --weights "$work/run/best.safetensors" -p "This License does not " -n 200 --temperature 0.7 --seed 1 |
  LC_ALL=C tr -c '[:print:]\n' '.'
echo
echo
echo "package $work/model.rondo, weights $work/run/best.safetensors (best on the validation split) and weights.safetensors (last), log $work/run/log.jsonl, curve $work/run/loss.svg"
