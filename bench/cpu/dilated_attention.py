#!/usr/bin/env python3
"""Dilated attention by length, beside PyTorch: dilated_attention.py BIN [--lengths T...] [--peer-lengths T...] [--dense-lengths T...] [--threads N].

Needs PyTorch and NumPy in the Python that runs it (the build needs neither). Causal, B 1, f32, 2 heads of 64, segments 2048, 4096 and 8192 with
ratios 1, 2 and 4. A line of JSON per length and measurement, then a table: microseconds per token; the plan's bytes per token beyond inputs and
outputs; and the peak of resident memory per token in KiB, less what the process has before it makes its inputs (Rondo: what it needs at 256
tokens). Inputs and outputs, 2 KiB per token and 4 with backward, are part of the peaks.

PyTorch runs torchscale's way (per pattern gather, scaled-dot-product attention with its log-sum-exp, scatter to dense, mix); nothing but its
attention on segments that are gathered already; and dense attention of all tokens, another function of T^2. Each measurement is a process of its own.
Rondo is measured before and after its peers, the shorter time counts. Outputs must agree with torchscale's way.
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


def peak_memory():
    """KiB of resident memory that this process has had at most."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


def measure_peer(kind, length, output):
    """Prints the seconds of PyTorch's `kind` and its memory; the process does nothing else."""
    base = peak_memory()
    generator = torch.Generator().manual_seed(1)
    q, k, v = (torch.randn(1, length, HEADS, WIDTH, generator=generator) for _ in range(3))
    if kind == "both":
        for x in (q, k, v):
            x.requires_grad_()
        seconds = best(lambda: torchscale_way(q, k, v).sum().backward())
    else:
        with torch.no_grad():
            if kind == "forward":
                seconds = best(lambda: torchscale_way(q, k, v))
            elif kind == "gathered":
                parts = [[gather(x, segment, ratio).contiguous() for x in (q, k, v)] for segment, ratio in zip(SEGMENTS, RATIOS)]
                seconds = best(lambda: [attend(*each) for each in parts])
            else:
                heads_first = [x.transpose(1, 2).contiguous() for x in (q, k, v)]
                seconds = best(lambda: torch.nn.functional.scaled_dot_product_attention(*heads_first, is_causal=True))
    peak = peak_memory()
    if output:
        with torch.no_grad():
            tensor_file.write(output, {"q": q.numpy(), "k": k.numpy(), "v": v.numpy()})
            tensor_file.write(output + ".expected", {"o": torchscale_way(q, k, v).numpy()})
    print(json.dumps({"seconds": seconds, "KiB": peak - base}))


def peer(options, kind, length, output=None):
    command = [sys.executable, __file__, options.programs, "--peer", kind, "--lengths", str(length), "--threads", str(options.threads)]
    done = subprocess.run(command + (["--output", output] if output else []), capture_output=True, text=True)
    if done.returncode:  # most likely out of memory
        print(f"{kind} of {length} tokens: exit code {done.returncode}: {done.stderr[-300:]}", flush=True)
        return None
    return json.loads(done.stdout)


def program(options, name, *arguments):
    done = subprocess.run([os.path.join(options.programs, name), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return done.stdout


def compile_entries(options, work, spec, length):
    package = os.path.join(work, f"{length}.rondo")
    program(options, "rondo-compile", spec, "--entry", f"forward:B=1,T={length}", "--entry", f"vjp:B=1,T={length}", "-q", "-o", package)
    return package


def ours(options, package, entry):
    """Seconds and the peak of resident memory of an entry point."""
    command = [os.path.join(options.programs, "rondo-bench"), package, "--entry", entry, "--threads", str(options.threads), "--runs", "2", "--seconds", "2",
               "-q", "--format=json"]
    # A process counts what its parent had when it was started: a small one in between.
    between = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    done = subprocess.run([sys.executable, "-S", "-c", between, *command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    rows, _, peak = done.stdout.rstrip().rpartition("\n")
    return {"seconds": json.loads(rows)["entries"][0]["best ms"] / 1000, "KiB": int(peak)}


def workspace(options, package):
    """Bytes beyond inputs and outputs, by entry point."""
    plan = [line.split() for line in program(options, "rondo-run", package, "--dry-run").splitlines()]
    return {words[0]: int(words[2]) for words in plan if len(words) > 2 and words[0] in ("forward", "vjp")}


def check(options, work, package, given):
    """Compares the outputs that Rondo makes of a peer's inputs with the peer's."""
    wanted = os.path.join(work, "out.safetensors")
    expected = tensor_file.read(given + ".expected")
    program(options, "rondo-run", package, "--entry", "forward", "--inputs", given, "--outputs", wanted, "-q")
    error = numpy.abs(tensor_file.read(wanted)["o"] - expected["o"]).max() / numpy.abs(expected["o"]).max()
    if not error < 1e-4:
        sys.exit(f"error: the outputs differ by {error:.1e} of the largest value")


def measure(options, work, spec, length, base):
    """What is known of one length: by name seconds and KiB."""
    package = compile_entries(options, work, spec, length)
    found = {entry: ours(options, package, entry) for entry in ("forward", "vjp")}
    kinds = ["forward", "both", "gathered"] if length in options.peer_lengths else []
    kinds += ["dense"] if length in options.dense_lengths else []
    for kind in kinds:
        given = os.path.join(work, "in.safetensors") if kind == "forward" else None
        found[f"torch {kind}"] = peer(options, kind, length, given)
        if given and found["torch forward"]:
            check(options, work, package, given)
    if kinds:
        for entry in ("forward", "vjp"):
            found[entry]["seconds"] = min(found[entry]["seconds"], ours(options, package, entry)["seconds"])
    for entry, bytes_ in workspace(options, package).items():
        found[entry].update({"workspace": bytes_, "KiB": found[entry]["KiB"] - base[entry]})
    for name, values in found.items():
        print(json.dumps({"tokens": length, "what": name, **(values or {})}), flush=True)
    return found


def row(length, found):
    """Columns of the table: time, its ratio to Rondo's, memory."""
    line = f"{length:8}"
    for entry in ("forward", "vjp"):
        each = found[entry]
        line += f" {each['seconds'] / length * 1e6:7.2f} {each['KiB'] / length:5.2f} {each['workspace'] / length:3.0f}"
    for kind, against in (("forward", "forward"), ("both", "vjp"), ("gathered", "forward"), ("dense", "forward")):
        theirs = found.get(f"torch {kind}")
        line += (f" {theirs['seconds'] / length * 1e6:8.2f} {theirs['seconds'] / found[against]['seconds']:5.2f} {theirs['KiB'] / length:5.2f}"
                 if theirs else f" {'-':>8} {'-':>5} {'-':>5}")
    return line


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs")
    parser.add_argument("--lengths", type=int, nargs="+", default=[8192, 32768, 131072, 1048576])
    parser.add_argument("--peer-lengths", type=int, nargs="+", default=[8192, 32768, 131072, 1048576])
    parser.add_argument("--dense-lengths", type=int, nargs="+", default=[8192, 32768, 131072])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer", choices=["forward", "both", "gathered", "dense"], help="measure this alone, in this process")
    parser.add_argument("--output", help="with --peer: write inputs there, outputs beside them")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.peer:
        measure_peer(options.peer, options.lengths[0], options.output)
        return
    rows = []
    with tempfile.TemporaryDirectory() as work:
        spec = os.path.join(work, "m.mlir")
        with open(spec, "w", encoding="utf-8") as file:
            file.write(SPEC)
        short = compile_entries(options, work, spec, 256)
        base = {entry: ours(options, short, entry)["KiB"] for entry in ("forward", "vjp")}
        for length in options.lengths:
            rows.append(row(length, measure(options, work, spec, length, base)))
    print(f"{options.threads} threads; us per token, KiB per token at the peak, B per token of workspace; x: PyTorch's time over Rondo's")
    print(f"{'tokens':>8} {'forward':>7} {'KiB':>5} {'B':>3} {'vjp':>7} {'KiB':>5} {'B':>3}"
          + "".join(f" {name:>8} {'x':>5} {'KiB':>5}" for name in ("scale's", "+back", "gathered", "dense")))
    print("\n".join(rows))


if __name__ == "__main__":
    main()
