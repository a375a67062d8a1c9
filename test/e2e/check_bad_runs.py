#!/usr/bin/env python3
"""Runs of a compiled RetNet that go wrong: weights that are no numbers, losses that jump or stay high: check_bad_runs.py BUILD.

test/runtime/train checks the policies on a model made by hand; here the scan has to find the op among those that the compiler made."""
import json
import os
import re
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import programs  # noqa: E402
import tensor_file  # noqa: E402

MODEL = os.path.join(programs.ROOT, "models", "retnet.mlir")
ROW = 33  # bytes of a row of data: T, and the target of the last
FIRST_BAD = re.compile(r"the first bad value: (.*)")


class BadRuns:
    """A compiled model with good weights, and runs of it on data and weights of the checks."""

    def __init__(self, build):
        self.tools, self.score = programs.Programs(build), programs.Score()
        self.package, weights = self.tools.path(".rondo"), self.tools.path(".safetensors")
        self.tools.call("rondo-compile", MODEL, "--preset", "tiny", "--entry", f"train:B=1,T={ROW - 1}", "-o", self.package)
        self.tools.call("rondo-run", self.package, "--init-seed", "1", "--save-weights", weights)
        self.weights = tensor_file.read(weights)

    def poisoned(self, name, value, where):
        weights = {key: values.copy() for key, values in self.weights.items()}
        weights[name][where] = value
        return self.tools.tensors(weights)

    def data(self, content):
        return self.tools.file(content, ".txt")

    def train(self, data, steps, *flags):
        """The finished process, its folder and the lines of its log."""
        folder = self.tools.path("")
        done = self.tools.attempt("rondo-train", self.package, "--data", data, "--steps", steps, "--out", folder, *flags)
        with open(os.path.join(folder, "log.jsonl"), encoding="utf-8") as log:
            return done, folder, [json.loads(line) for line in log.read().splitlines()][1:]


def spec_place(parameter):
    """The layer and the line of the spec that use the parameter, as messages say them."""
    layer = re.match(r"layers\.\d+", parameter)
    with open(MODEL, encoding="utf-8") as file:
        name = parameter[len(layer.group()) + 1:] if layer else parameter
        line = next(number for number, text in enumerate(file, 1) if f'weight("{name}"' in text)
    return f"{layer.group()}, " if layer else "", f"models/retnet.mlir:{line}:"


def check_first_bad_op(runs):
    """Whichever weight is no number: the message names the kernel that reads it, though all after it are as bad. A kernel is named by the
    op that it is built around and lists the others."""
    data = runs.data(b"the quick brown fox " * 20)
    for parameter, root, op, value in (("embed_tokens.weight", "embed_tokens.weight", "embedding", numpy.nan),
                                       ("layers.0.retention.k_proj.weight", "layers.0.retention.k_proj.weight", "linear", numpy.nan),
                                       ("layers.1.retention.out_proj.weight", "layers.1.retention.out_proj.weight", "linear", numpy.inf),
                                       ("layers.1.ffn.fc1.weight", "layers.1.ffn.fc1.weight", "linear", numpy.nan),
                                       ("layer_norm.weight", "layers.1.ffn.fc2.weight", "rms_norm", numpy.nan),
                                       ("output_projection.weight", "output_projection.weight", "linear_log_prob", numpy.nan)):
        where = 5 if parameter == "layer_norm.weight" else (ord("q"), 3)
        where = (7, 3) if parameter.startswith("layers.") else where
        done, _, lines = runs.train(data, 5, "--init-from", runs.poisoned(parameter, value, where))
        layer, place = spec_place(root)
        found = FIRST_BAD.search(done.stderr)
        bad = re.escape(layer) + r"\S*" + re.escape(place) + r"\d+ \(([a-z_ +]*)\) writes " + ("NaN" if numpy.isnan(value) else "infinity")
        named = re.match(bad, found.group(1)) if found else None
        runs.score.expect(f"{parameter}: {found.group(1) if found else ''}", programs.refusal(done, 5, "RND5002") and named
                          and op in named.group(1).split(" + "), done.stderr)
        runs.score.expect("the step is in the log, without a loss", [line["loss"] for line in lines] == [None], str(lines))


def check_dump(runs):
    weights = runs.poisoned("layers.1.ffn.fc1.weight", numpy.nan, (7, 5))
    done, folder, _ = runs.train(runs.data(b"the quick brown fox " * 20), 5, "--init-from", weights, "--on-nan", "dump")
    tensors = tensor_file.read(os.path.join(folder, "nan-step-1.safetensors"))
    bad = {name: int((~numpy.isfinite(values)).sum()) for name, values in tensors.items() if values.dtype.kind == "f"}
    # One element of the weight, and one column of what is made of it.
    runs.score.expect(f"--on-nan dump keeps what the op has read and written: {bad}",
                      done.returncode == 5 and "nan-step-1.safetensors" in done.stderr and set(bad.values()) == {0, 1, ROW - 1}, done.stderr)


def check_skip(runs):
    """Only what holds a q is bad: the steps with it are skipped, and the others learn."""
    rows = b"".join(b"abcd" * 8 + b"\n" for _ in range(30))
    data = runs.data(rows[:400] + b"q" + rows[400:])
    weights = runs.poisoned("embed_tokens.weight", numpy.nan, ord("q"))
    for carry in ("none", "detach"):
        done, folder, lines = runs.train(data, 120, "--init-from", weights, "--on-nan", "skip", "--carry", carry, "--lr", "0.003")
        bad = [line["step"] for line in lines if line["loss"] is None]
        runs.score.expect(f"--on-nan skip, --carry {carry}: steps {bad} of 120 are bad, the last loss is {lines[-1]['loss']}",
                          done.returncode == 0 and 2 <= len(bad) <= 12 and len(lines) == 120 and lines[-1]["loss"] < 1, done.stderr)
        place = spec_place("embed_tokens.weight")[1]
        runs.score.expect("the notes name the op", done.stderr.count("the step is skipped") == len(bad) and place in done.stderr, done.stderr)
        trained = tensor_file.read(os.path.join(folder, "weights.safetensors"))
        trained["embed_tokens.weight"] = numpy.delete(trained["embed_tokens.weight"], ord("q"), 0)
        runs.score.expect("no other weight is harmed", all(numpy.isfinite(values).all() for values in trained.values()))


def check_spike_and_divergence(runs):
    noise = numpy.random.default_rng(1).integers(0, 256, 80 * ROW, "u1").tobytes()
    lesson = b"abcdefgh" * (60 * ROW // 8)
    flags = ("--lr", "0.003", "--lr-schedule", "constant", "--carry", "detach")  # in the order of the text
    done, _, lines = runs.train(runs.data(lesson + noise[:ROW] + lesson), 100, *flags)
    runs.score.expect("a row of noise after a lesson is a spike, and passes", done.returncode == 0 and done.stderr.count(": the loss jumped to ") in (1, 2)
                      and "the last steps gave" in done.stderr, done.stderr)
    data = runs.data(lesson + noise)
    done, _, lines = runs.train(data, 130, *flags)
    runs.score.expect(f"noise without end is a divergence at step {lines[-1]['step']}", programs.refusal(done, 5, "RND5003")
                      and 105 < lines[-1]["step"] < 130, done.stderr)
    done, _, lines = runs.train(data, 130, *flags, "--on-nan", "skip")
    runs.score.expect("which --on-nan skip passes over", done.returncode == 0 and len(lines) == 130, done.stderr)


def main(build):
    runs = BadRuns(build)
    for check in (check_first_bad_op, check_dump, check_skip, check_spike_and_divergence):
        check(runs)
    runs.score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
