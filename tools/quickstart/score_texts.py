#!/usr/bin/env python3
"""Scores texts with one RetNet under its three schedules: score_texts.py BIN WORK TEXT...

Compiles models/retnet.mlir once per schedule, gives all the same initial weights, scores the texts, and prints bits per byte, tokens
per second as rondo-run measures them, and the largest difference between a token's scores. Exits 5 if the schedules disagree.
"""
import os
import re
import subprocess
import sys

import numpy

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tools", "python"))
import tensor_file  # noqa: E402

ROW = 1024  # tokens that are scored in one go
SCHEDULES = ("parallel", "recurrent", "chunkwise")
AGREE = 1e-4  # of the largest score


MEASURED = re.compile(r"^score: ([\d.]+) ms", re.MULTILINE)


def call(*command):
    """What the program reports on stderr."""
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{done.stderr}failed: {' '.join(command)}")
    return done.stderr


def token_rows(paths):
    """All bytes of the texts, one after the other, in rows of equal length; the last row is padded with spaces."""
    text = b"".join(open(path, "rb").read() for path in paths)
    text += b" " * (-len(text) % ROW)
    return numpy.frombuffer(text, "u1").astype("i4").reshape(-1, ROW)


def main(programs, work, paths):
    tokens = token_rows(paths)
    inputs = os.path.join(work, "texts.safetensors")
    weights = os.path.join(work, "weights.safetensors")
    tensor_file.write(inputs, {"tokens": tokens})
    compiler, runner = os.path.join(programs, "rondo-compile"), os.path.join(programs, "rondo-run")
    print(f"{len(paths)} texts, {tokens.size} bytes, scored under initial weights (a byte is a token):")
    print(f"{'schedule':10} {'bits per byte':>13} {'tokens/s':>9} {'difference':>10}")
    first, agree = None, True
    for schedule in SCHEDULES:
        package = os.path.join(work, f"{schedule}.rondo")
        outputs = os.path.join(work, f"{schedule}.safetensors")
        call(compiler, os.path.join(ROOT, "models", "retnet.mlir"), "--preset", "tiny", "--entry", f"score:B={len(tokens)},T={ROW}",
             "--entry", "prefill:B=1,T=64", "--entry", "decode:B=1", "--schedule", schedule, "-o", package)
        if first is None:
            call(runner, package, "--init-seed", "1", "--save-weights", weights)
        report = call(runner, package, "--entry", "score", "--weights", weights, "--inputs", inputs, "--outputs", outputs)
        seconds = float(MEASURED.search(report).group(1)) / 1000
        scores = tensor_file.read(outputs)["log_prob"][:, :-1]
        first = scores if first is None else first
        difference = numpy.abs(scores - first).max() / numpy.abs(first).max()
        agree = agree and difference <= AGREE
        bits = -scores.mean(dtype="f8") / numpy.log(2)
        print(f"{schedule:10} {bits:13.6f} {tokens.size / seconds:9.0f} {difference:10.1e}", flush=True)
    if not agree:
        print(f"error: the schedules differ by more than {AGREE:.0e} of the largest score", file=sys.stderr)
        sys.exit(5)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
