#!/usr/bin/env python3
"""What a held-out text costs under a trained RetNet and under simpler models: compare_models.py BIN WORK WEIGHTS HELD_OUT TEXT... -- ARGUMENT...

Compiles models/retnet.mlir (with the ARGUMENTs that shaped the trained one) once per schedule, scores the held-out text under each, and
prints bits per byte, tokens per second as rondo-run measures them, and the largest difference between a token's scores; below,
an order-3 byte model of the TEXTs and xz -9. Exits 5 if the schedules disagree or the RetNet does not beat the byte model.
"""
import os
import re
import subprocess
import sys

import numpy

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tools", "python"))
import byte_model  # noqa: E402
import tensor_file  # noqa: E402

ROW = 1024  # the sequence is a multiple of this
SCHEDULES = ("parallel", "recurrent", "chunkwise")
AGREE = 1e-4  # of the largest score
MEASURED = re.compile(r"^score: ([\d.]+) ms", re.MULTILINE)


def call(*command):
    """What the program reports on stderr."""
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{done.stderr}failed: {' '.join(command)}")
    return done.stderr


def fail(problem):
    print(f"error: {problem}", file=sys.stderr)
    sys.exit(5)


def token_rows(text):
    """The text as one sequence, padded with spaces to whole rows and one byte; how many rows; how many scores count (all but
    the first byte's)."""
    count = len(text) - 1
    rows = -(-count // ROW)
    padded = numpy.frombuffer(text + b" " * (rows * ROW + 1 - len(text)), "u1").astype("i4")
    return padded, rows, count


def main(programs, work, weights, held_out, *rest):
    paths, arguments = rest[: rest.index("--")], rest[rest.index("--") + 1 :]
    text = open(held_out, "rb").read()
    padded, rows, count = token_rows(text)
    compiler, runner = os.path.join(programs, "rondo-compile"), os.path.join(programs, "rondo-run")
    inputs = os.path.join(work, "text.safetensors")
    tensor_file.write(inputs, {"tokens": padded[:-1].reshape(1, -1), "targets": padded[1:].reshape(1, -1)})
    print(f"{'model of the held-out text':28} {'bits per byte':>13} {'tokens/s':>9} {'difference':>10}")
    first, agree, best = None, True, None
    for schedule in SCHEDULES:
        package = os.path.join(work, f"{schedule}.rondo")
        outputs = os.path.join(work, f"{schedule}.safetensors")
        call(compiler, os.path.join(ROOT, "models", "retnet.mlir"), *arguments, "--entry", f"score:B=1,T={rows * ROW}",
             "--schedule", schedule, "-o", package)
        report = call(runner, package, "--entry", "score", "--weights", weights, "--inputs", inputs, "--outputs", outputs)
        seconds = float(MEASURED.search(report).group(1)) / 1000
        scores = tensor_file.read(outputs)["log_prob"].reshape(-1)[:count]
        first = scores if first is None else first
        difference = numpy.abs(scores - first).max() / numpy.abs(first).max()
        agree = agree and difference <= AGREE
        best = -scores.mean(dtype="f8") / numpy.log(2)
        print(f"{'RetNet, ' + schedule:28} {best:13.3f} {rows * ROW / seconds:9.0f} {difference:10.1e}", flush=True)
    simple = byte_model.bits_per_byte([open(path, "rb").read() for path in paths], text)
    print(f"{'order-3 byte model':28} {simple:13.3f}")
    print(f"{'xz -9':28} {byte_model.xz_bits_per_byte(text):13.3f}")
    if not agree:
        fail(f"the schedules differ by more than {AGREE:.0e} of the largest score")
    if best >= simple:
        fail("the RetNet does not beat the order-3 byte model")


if __name__ == "__main__":
    main(*sys.argv[1:])
