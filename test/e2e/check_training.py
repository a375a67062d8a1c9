#!/usr/bin/env python3
"""Training of a compiled model through the command lines: check_training.py BUILD.

test/runtime/train checks the loop on a model made by hand; here is what needs real gradients."""
import json
import math
import os
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import programs  # noqa: E402
import tensor_file  # noqa: E402

MODEL = os.path.join(programs.ROOT, "models", "retnet.mlir")
LICENCES = "/usr/share/common-licenses"


class Runs:
    def __init__(self, build):
        self.tools, self.score = programs.Programs(build), programs.Score()

    def folder(self):
        path = self.tools.path("")
        os.mkdir(path)
        return path

    def compile(self, *entries, flags=(), model=MODEL):
        package = self.tools.path(".rondo")
        self.tools.call("rondo-compile", model, "--preset", "tiny", *flags, *(word for entry in entries for word in ("--entry", entry)), "-o", package)
        return package

    def text(self, text):
        path = self.tools.path(".txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def train(self, package, data, *flags):
        """The run's folder and its log lines."""
        out = self.folder()
        self.tools.call("rondo-train", package, "--data", data, "--out", out, *flags)
        return out, log_of(out)


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def log_of(out):
    return [json.loads(line) for line in read(out, "log.jsonl").decode().splitlines()][1:]


def difference(one, other):
    """Largest difference of two weight files, relative to the largest weight of each tensor."""
    one, other = tensor_file.read(os.path.join(one, "weights.safetensors")), tensor_file.read(os.path.join(other, "weights.safetensors"))
    return max(numpy.abs(one[name] - other[name]).max() / numpy.abs(other[name]).max() for name in other)


def check_learning(runs):
    package = runs.compile("train:B=8,T=256", "score:B=4,T=256")
    out, lines = runs.train(package, LICENCES, "--steps", "60")
    first, last = lines[0]["loss"], sum(line["loss"] for line in lines[-5:]) / 5
    runs.score.expect(f"the loss begins near ln 256: {first:.3f}", abs(first - math.log(256)) < 0.8)
    runs.score.expect(f"60 steps on the licence texts lower it by a third: {first:.3f} -> {last:.3f}", last < first * 2 / 3)
    runs.score.expect(f"so does validation: {lines[-1]['val_loss']:.3f}", lines[-1]["val_loss"] < first * 2 / 3)
    again, _ = runs.train(package, LICENCES, "--steps", "60", "--threads", "1")
    runs.score.expect("one thread gives the same bits", read(again, "weights.safetensors") == read(out, "weights.safetensors"))


def check_attention(runs, name):
    """A model with dilated attention learns, and then continues a text as forward reads it, across the ends of its segments."""
    time, cut = 76, 50
    package = runs.compile("train:B=4,T=128", f"forward:B=1,T={time}", f"prefill:B=1,T={cut},logits=all", "decode:B=1",
                           model=os.path.join(programs.ROOT, "models", f"{name}.mlir"))
    out, lines = runs.train(package, LICENCES, "--steps", "60")
    first, last = lines[0]["loss"], sum(line["loss"] for line in lines[-5:]) / 5
    runs.score.expect(f"{name}: 60 steps on the licence texts lower the loss by a quarter: {first:.3f} -> {last:.3f}", last < first * 3 / 4)
    text = numpy.frombuffer(read(LICENCES, "BSD")[:time], "u1").astype("i4")[None]
    weights, state = ("--weights", os.path.join(out, "weights.safetensors")), runs.tools.path(".safetensors")
    expected = runs.tools.run(package, "forward", {"tokens": text}, *weights)["logits"]
    found = [runs.tools.run(package, "prefill", {"tokens": text[:, :cut]}, *weights, "--save-state", state)["logits"]]
    for at in range(cut, time):
        step = runs.tools.run(package, "decode", {"tokens": text[:, at:at + 1]}, *weights, "--load-state", state, "--save-state", state)
        found.append(step["logits"])
    runs.score.compare(f"{name}: prefill and decode against forward", numpy.concatenate(found, axis=1), expected, 1e-4)


def check_hybrid(runs):
    check_attention(runs, "hybrid")


def check_longnet(runs):
    check_attention(runs, "longnet")


def check_overfitting(runs):
    package = runs.compile("train:B=1,T=64")
    data = runs.text("".join(chr(33 + (7 * i * i + 3 * i) % 90) for i in range(65)))
    _, lines = runs.train(package, data, "--steps", "200", "--lr", "0.003", "--lr-schedule", "constant", "--weight-decay", "0")
    runs.score.expect(f"one batch is overfitted: {lines[-1]['loss']:.4f}", lines[-1]["loss"] < 0.1)


def check_accumulation(runs):
    flags = ("--steps", "4", "--lr", "0.001", "--lr-schedule", "constant", "--warmup", "0")
    whole, lines = runs.train(runs.compile("train:B=6,T=32"), LICENCES, *flags)
    parts = runs.compile("accumulate:B=2,T=32", "update")
    split, split_lines = runs.train(parts, LICENCES, *flags, "--accum", "3")
    worst = max(abs(a["loss"] - b["loss"]) for a, b in zip(lines, split_lines))
    runs.score.expect(f"three micro-batches give the losses of one batch: {worst:.1e}", worst < 2e-5, (lines, split_lines))
    runs.score.expect(f"and its weights: {difference(split, whole):.1e}", difference(split, whole) < 1e-3)


def check_rematerialisation(runs):
    """Values computed again are the same values; what is kept is smaller, and whole blocks make it smaller still."""
    arenas, weights = [], []
    for budget in ("none", "auto", "2MiB"):
        package = runs.compile("train:B=4,T=128", flags=("-D", "layers=6", "-D", "dropout=0.1", "--remat", budget))
        out, _ = runs.train(package, LICENCES, "--steps", "3")
        weights.append(read(out, "weights.safetensors"))
        plan = json.loads(runs.tools.call("rondo-train", package, "--dry-run", "--format=json"))
        arenas.append(next(row["bytes"] for row in plan["memory"] if row["what"] == "arena of train"))
    runs.score.expect("--remat changes no bit of the weights", weights[0] == weights[1] == weights[2])
    runs.score.expect(f"--remat shrinks the arena: {arenas}", arenas[1] < 0.7 * arenas[0] and arenas[2] < 0.7 * arenas[1])


def check_resume(runs):
    package = runs.compile("train:B=2,T=32", "score:B=2,T=32", flags=("-D", "dropout=0.1"))
    for carry in ("none", "detach"):
        flags = ("--steps", "20", "--save-every", "7", "--carry", carry)
        whole, _ = runs.train(package, LICENCES, *flags)
        out = runs.folder()
        command = ("rondo-train", package, "--data", LICENCES, "--out", out, "--save-every", "7", "--carry", carry, "--lr-schedule", "constant")
        runs.tools.call(*command, "--steps", "9")
        runs.tools.call(*command, "--steps", "20")
        straight = runs.folder()
        runs.tools.call(*(word if word != out else straight for word in command), "--steps", "20")
        runs.score.expect(f"--carry {carry}: weights after a stop are those of a run without", read(out, "checkpoint-20", "weights.safetensors")
                          == read(straight, "checkpoint-20", "weights.safetensors"))
        runs.score.expect(f"--carry {carry}: so are the moments", read(out, "checkpoint-20", "optimizer.safetensors")
                          == read(straight, "checkpoint-20", "optimizer.safetensors"))
        runs.score.expect(f"--carry {carry}: the final weights are the last checkpoint's", read(whole, "weights.safetensors")
                          == read(whole, "checkpoint-20", "weights.safetensors"))


def check_dropout(runs):
    """What is dropped follows from seed, step and place alone, and only where a loss is differentiated."""
    time, flags = 32, ("-D", "dropout=0.2")
    text = numpy.frombuffer(read(LICENCES, "BSD")[:2 * time], "u1").astype("i4").reshape(2, time)
    package = runs.compile(f"grad:B=2,T={time}", f"train:B=2,T={time}", f"forward:B=2,T={time}", flags=flags)

    def run(entry, seed, step, *more):
        inputs = {"tokens": text, "seed": numpy.array(seed, "i8"), "step": numpy.array(step, "i8")}
        return runs.tools.run(package, entry, inputs, "--init-seed", "1", *more)

    def same(one, other):
        return all(one[name].tobytes() == other[name].tobytes() for name in one)

    first = run("grad", 3, 5)
    runs.score.expect("seed and step give the same gradients again, on one thread", same(first, run("grad", 3, 5, "--threads", "1")))
    runs.score.expect("another step drops others", first["loss"] != run("grad", 3, 6)["loss"])
    runs.score.expect("another seed drops others", first["loss"] != run("grad", 4, 5)["loss"])
    runs.score.expect("train drops what grad drops", first["loss"] == run("train", 3, 5)["loss"])
    targets = numpy.full((2, time), -1, "i4")
    targets[0, :-1] = text[0, 1:]
    inputs = {"tokens": text, "targets": targets}
    company = runs.tools.run(package, "grad", inputs, "--init-seed", "1")
    alone = runs.tools.run(runs.compile(f"grad:B=1,T={time}", flags=flags), "grad", {"tokens": text[:1]}, "--init-seed", "1")
    runs.score.expect("the first row drops the same alone and in company", company["loss"] == alone["loss"], (company["loss"], alone["loss"]))
    plain = runs.compile(f"forward:B=2,T={time}", f"grad:B=2,T={time}")
    logits = [runs.tools.run(each, "forward", {"tokens": text}, "--init-seed", "1") for each in (package, plain)]
    runs.score.expect("forward drops nothing", same(*logits))
    undropped = runs.tools.run(plain, "grad", {"tokens": text}, "--init-seed", "1")
    runs.score.expect("grad does", first["loss"] != undropped["loss"], (first["loss"], undropped["loss"]))


def check_packing(runs):
    """Two documents in one row give the loss and the gradients of each in a row of its own."""
    time = 64
    lengths = (40, 24)
    text = numpy.frombuffer(read(LICENCES, "BSD")[:time], "u1").astype("i4")
    segments = numpy.repeat(numpy.arange(2, dtype="i4"), lengths)
    packed = {"tokens": text[None], "segment_ids": segments[None]}
    apart = {"tokens": numpy.zeros((2, time), "i4"), "targets": numpy.full((2, time), -1, "i4")}
    for row, length in enumerate(lengths):
        document = text[segments == row]
        apart["tokens"][row, :length] = document
        apart["targets"][row, :length - 1] = document[1:]
    found = runs.tools.run(runs.compile(f"grad:B=1,T={time}"), "grad", packed, "--init-seed", "1")
    expected = runs.tools.run(runs.compile(f"grad:B=2,T={time}"), "grad", apart, "--init-seed", "1")
    for name in expected:
        if name == "loss" or name.startswith("grad."):
            runs.score.compare(f"packed documents and separate ones, {name}", found[name], expected[name], 1e-4)


def check_bad_losses(runs):
    package = runs.compile("train:B=2,T=32")
    done = runs.tools.attempt("rondo-train", package, "--data", LICENCES, "--out", runs.folder(), "--steps", "50", "--lr", "1e30", "--clip", "0")
    runs.score.expect("a loss that is no number ends the run and names an op of the spec", done.returncode == 5 and "[RND5002]" in done.stderr
                      and "retnet.mlir:" in done.stderr and " writes " in done.stderr, done.stderr)


def main(build):
    runs = Runs(build)
    for check in (check_learning, check_hybrid, check_longnet, check_overfitting, check_accumulation, check_rematerialisation, check_resume,
                  check_dropout, check_packing, check_bad_losses):
        check(runs)
    runs.score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
