#!/usr/bin/env python3
"""Dilated attention by length, beside PyTorch: dilated_attention.py BIN [--lengths T...] [--peer-lengths T...] [--threads N].

Needs PyTorch and NumPy in the Python that runs it (the build needs neither). Causal, B 1, f32, 2 heads of 64, segments 2048, 4096 and 8192 with
ratios 1, 2 and 4. Per length: microseconds per token of forward, and of forward and backward (`vjp`), and the bytes per token that each
needs beyond inputs and outputs, by its plan. PyTorch runs torchscale's way (per pattern gather, scaled-dot-product attention with its log-sum-exp,
scatter to dense, mix) and, in the column `gathered`, nothing but its attention on segments that are gathered already. Outputs must agree.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time

import numpy
import torch

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tools", "python"))
import tensor_file  # noqa: E402

HEADS, WIDTH, SEGMENTS, RATIOS = 2, 64, [2048, 4096, 8192], [1, 2, 4]
SPEC = f"""spec.model @dilated_attention {{
  %q = spec.input "q" heads({HEADS}) width({WIDTH})
  %k = spec.input "k" heads({HEADS}) width({WIDTH})
  %v = spec.input "v" heads({HEADS}) width({WIDTH})
  %o = spec.dilated_attention %q, %k, %v segments({SEGMENTS}) ratios({RATIOS}) scale(rsqrt({WIDTH}))
  spec.output "o" %o
}}
"""


def best(run, least=2, seconds=2.0):
    """The shortest of at least `least` runs."""
    times = []
    begin = time.perf_counter()
    while len(times) < least or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def gather(x, segment, ratio):
    """[1, T, H, D] to [segments, H, rows, D]: each head's own residue of each segment."""
    folded = x.reshape(-1, segment, HEADS, WIDTH)
    offsets = [head // math.ceil(HEADS / ratio) for head in range(HEADS)]
    return torch.stack([folded[:, offset::ratio, head] for head, offset in enumerate(offsets)], dim=1)


def attend(q, k, v):
    return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v, 0.0, True)


def torchscale_way(q, k, v):
    outputs, weights = [], []
    for segment, ratio in zip(SEGMENTS, RATIOS):
        o, lse = attend(*(gather(x, segment, ratio) for x in (q, k, v)))
        dense = torch.zeros(o.shape[0], segment, HEADS, WIDTH)
        sums = torch.full((o.shape[0], segment, HEADS), -1e8)
        for head in range(HEADS):
            offset = head // math.ceil(HEADS / ratio)
            dense[:, offset::ratio, head] = o[:, head]
            sums[:, offset::ratio, head] = lse[:, head].detach()
        outputs.append(dense.reshape(q.shape))
        weights.append(sums.reshape(1, -1, HEADS))
    share = torch.softmax(torch.stack(weights), dim=0)
    return sum(o * w.unsqueeze(-1) for o, w in zip(outputs, share))


def peer(length):
    generator = torch.Generator().manual_seed(1)
    q, k, v = (torch.randn(1, length, HEADS, WIDTH, generator=generator) for _ in range(3))
    with torch.no_grad():
        forward = best(lambda: torchscale_way(q, k, v))
        gathered = [[gather(x, segment, ratio).contiguous() for x in (q, k, v)] for segment, ratio in zip(SEGMENTS, RATIOS)]
        alone = best(lambda: [attend(*each) for each in gathered])
        output = torchscale_way(q, k, v).numpy()
    for x in (q, k, v):
        x.requires_grad_()
    both = best(lambda: torchscale_way(q, k, v).sum().backward())
    return {"forward": forward, "both": both, "gathered": alone}, {"q": q, "k": k, "v": v}, output


def program(options, name, *arguments):
    done = subprocess.run([os.path.join(options.programs, name), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return done.stdout


def ours(options, work, spec, length):
    package = os.path.join(work, f"{length}.rondo")
    program(options, "rondo-compile", spec, "--entry", f"forward:B=1,T={length}", "--entry", f"vjp:B=1,T={length}", "-q", "-o", package)
    rows = program(options, "rondo-bench", package, "--threads", options.threads, "--runs", 2, "--seconds", 2, "-q", "--format=json")
    times = {row["entry"]: row["best ms"] / 1000 for row in json.loads(rows)["entries"]}
    plan = [line.split() for line in program(options, "rondo-run", package, "--dry-run").splitlines()]
    workspace = {words[0]: int(words[2]) for words in plan if len(words) > 2 and words[0] in times}
    return package, {"forward": times["forward"], "both": times["vjp"], "workspace": workspace["forward"], "workspace of both": workspace["vjp"]}


def check(options, work, package, inputs, expected):
    given, wanted = os.path.join(work, "in.safetensors"), os.path.join(work, "out.safetensors")
    tensor_file.write(given, {name: x.detach().numpy() for name, x in inputs.items()})
    program(options, "rondo-run", package, "--entry", "forward", "--inputs", given, "--outputs", wanted, "-q")
    error = numpy.abs(tensor_file.read(wanted)["o"] - expected).max() / numpy.abs(expected).max()
    if not error < 1e-4:
        sys.exit(f"error: the outputs differ by {error:.1e} of the largest value")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs")
    parser.add_argument("--lengths", type=int, nargs="+", default=[8192, 32768, 131072, 1048576])
    parser.add_argument("--peer-lengths", type=int, nargs="+", default=[8192, 32768, 131072])
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{options.threads} threads, microseconds per token; x: PyTorch's time over ours")
    print(f"{'tokens':>8} {'forward':>8} {'+backward':>9} {'bytes':>7} {'torchscale':>10} {'x':>5} {'+backward':>9} {'x':>5} {'gathered':>8} {'x':>5}", flush=True)
    with tempfile.TemporaryDirectory() as work:
        spec = os.path.join(work, "m.mlir")
        with open(spec, "w", encoding="utf-8") as file:
            file.write(SPEC)
        for length in options.lengths:
            package, mine = ours(options, work, spec, length)
            line = f"{length:8} {mine['forward'] / length * 1e6:8.2f} {mine['both'] / length * 1e6:9.2f}"
            line += f" {mine['workspace'] / length:3.0f} {mine['workspace of both'] / length:3.0f}"
            if length in options.peer_lengths:
                theirs, inputs, output = peer(length)
                check(options, work, package, inputs, output)
                for of, against in (("forward", "forward"), ("both", "both"), ("gathered", "forward")):
                    line += f" {theirs[of] / length * 1e6:{10 if of == 'forward' else 9 if of == 'both' else 8}.2f} {theirs[of] / mine[against]:5.2f}"
            print(line, flush=True)


if __name__ == "__main__":
    main()
