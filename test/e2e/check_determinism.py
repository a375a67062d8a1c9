#!/usr/bin/env python3
"""What must not change a bit: threads, batch size, other rows, padding, where a sequence is cut, a state's way through a file:
check_determinism.py BUILD."""
import os
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import programs  # noqa: E402

TIME, CHUNK = 48, 8
MODEL = os.path.join(programs.ROOT, "models", "retnet.mlir")


class Model:
    """The tiny RetNet under one schedule, with entries of several batch sizes and lengths."""

    def __init__(self, tools, schedule):
        self.tools, self.schedule, self.packages = tools, schedule, {}
        self.weights = tools.path(".safetensors")
        tools.call("rondo-run", self.package("decode:B=1"), "--init-seed", "7", "--save-weights", self.weights)

    def package(self, entry):
        if entry not in self.packages:
            self.packages[entry] = self.tools.compile(MODEL, [entry], self.schedule, **{"layers": 2, "width": 64, "heads": 4})
        return self.packages[entry]

    def run(self, entry, inputs, *flags):
        return self.tools.run(self.package(entry), entry.split(":")[0], inputs, "--weights", self.weights, *flags)


def same(score, what, found, expected):
    score.expect(what, found.shape == expected.shape and found.tobytes() == expected.tobytes(),
                 f"{numpy.count_nonzero(found != expected)} of {found.size} values differ")


def check_company(score, model, tokens):
    title = model.schedule
    alone = model.run(f"forward:B=1,T={TIME}", {"tokens": tokens[:1]})["logits"]
    together = model.run(f"forward:B=3,T={TIME}", {"tokens": tokens})["logits"]
    same(score, f"{title}: a row alone and in company", together[:1], alone)
    swapped = model.run(f"forward:B=3,T={TIME}", {"tokens": tokens[[2, 1, 0]]})["logits"]
    same(score, f"{title}: rows in another order", swapped[2:], alone)
    for threads in (1, 2, 3):
        found = model.run(f"forward:B=3,T={TIME}", {"tokens": tokens}, "--threads", str(threads))["logits"]
        same(score, f"{title}: {threads} threads", found, together)


def check_stretches(score, model, tokens):
    """A prefill that is cut, padded, saved, loaded and forked."""
    title, entry = model.schedule, f"prefill:B=1,T={TIME},logits=all"
    whole = model.run(entry, {"tokens": tokens[:1]})
    for cut in (1, CHUNK - 1, CHUNK, 3 * CHUNK, TIME - 1):
        if title.startswith("chunkwise") and cut % CHUNK:
            continue  # only cuts between chunks promise the same bits
        saved = model.tools.path(".safetensors")
        first = numpy.zeros((1, TIME), "i4")
        first[:, :cut] = tokens[:1, :cut]
        head = model.run(entry, {"tokens": first, "length": numpy.array([cut], "i4")}, "--save-state", saved)
        rest = numpy.zeros((1, TIME), "i4")
        rest[:, :TIME - cut] = tokens[:1, cut:]
        inputs = {"tokens": rest, "length": numpy.array([TIME - cut], "i4")}
        tail = model.run(entry, inputs, "--load-state", saved)
        joined = numpy.concatenate([head["logits"][:, :cut], tail["logits"][:, :TIME - cut]], axis=1)
        same(score, f"{title}: cut at {cut}", joined, whole["logits"])
        again = model.run(entry, inputs, "--load-state", saved)
        same(score, f"{title}: cut at {cut}, continued twice from one file", again["logits"], tail["logits"])
        for name in (name for name in whole if name.startswith("state.")):
            same(score, f"{title}: cut at {cut}, {name}", tail[name], whole[name])


def main(build):
    tools, score = programs.Programs(build), programs.Score()
    tokens = numpy.random.default_rng(5).integers(0, 256, (3, TIME), "i4")
    for schedule in ("recurrent", f"chunkwise:{CHUNK}"):
        model = Model(tools, schedule)
        check_company(score, model, tokens)
        check_stretches(score, model, tokens)
    check_company(score, Model(tools, "parallel"), tokens)
    score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
