#!/usr/bin/env python3
"""A whole RetNet or LongNet through rondo-import, rondo-compile and rondo-run against its vectors: check_model.py BUILD NAME."""
import json
import os
import re
import sys

import numpy

import programs
from programs import tensor_file

LIMIT = 1e-4  # logits, losses and states of a float32 program
SCHEDULES = ["parallel", "recurrent", "chunkwise:16"]
# For one model also chunks that fit neither the length nor a vector, and a chunk longer than the sequence.
ODD_SCHEDULES = ["chunkwise:1", "chunkwise:5", "chunkwise:13", "chunkwise:128"]


IGNORED = ("input.*", "ref.*", "retnet_rel_pos.*", "*.xpos.scale")


def importer_kind(name):
    if name.startswith("longnet"):
        return "torchscale-longnet"
    return "fla-retnet" if name.endswith("_fla") else "torchscale-retnet"


def schedules(name, time):
    """A LongNet has nothing to schedule."""
    if name.startswith("longnet"):
        return ["auto"]
    return SCHEDULES + (ODD_SCHEDULES if time == 67 else [])


def lengths(vectors):
    return sorted(int(name[len("input.tokens_t"):]) for name in vectors if name.startswith("input.tokens_t"))


def reference(vectors, what, time):
    plain = f"ref.plain.{what}"
    return vectors.get(plain, vectors.get(f"ref.{what}"))


def check_schedule(tools, score, spec, vectors, weights, time, schedule):
    """Logits, loss, and a prefill cut in two whose states go through a file, all from one package."""
    tokens = vectors[f"input.tokens_t{time}"]
    batch = len(tokens)
    cut = time // 2 + 1
    entries = [f"forward:B={batch},T={time}", f"score:B={batch},T={time}", f"prefill:B={batch},T={cut},logits=all",
               f"decode:B={batch}"]
    package = tools.compile(spec, entries, schedule)
    title = f"t{time} {schedule}"

    expected = reference(vectors, f"logits_t{time}", time)
    logits = tools.run(package, "forward", {"tokens": tokens}, *weights)["logits"]
    score.compare(f"{title} logits", logits, expected, LIMIT)

    log_prob = tools.run(package, "score", {"tokens": tokens}, *weights)["log_prob"]
    loss = -log_prob[:, :-1].astype("f8").mean()
    score.compare(f"{title} loss", loss, reference(vectors, f"loss_t{time}", time), LIMIT)

    state_file = tools.path(".safetensors")
    first = tools.run(package, "prefill", {"tokens": tokens[:, :cut]}, *weights, "--save-state", state_file)
    rest = numpy.zeros((batch, cut), tokens.dtype)
    rest[:, :time - cut] = tokens[:, cut:]
    inputs = {"tokens": rest, "length": numpy.full(batch, time - cut, "i4")}
    second = tools.run(package, "prefill", inputs, *weights, "--load-state", state_file)
    joined = numpy.concatenate([first["logits"], second["logits"][:, :time - cut]], axis=1)
    score.compare(f"{title} prefill in two stretches", joined, expected, LIMIT)
    for layer, state in reference_states(vectors, time).items():
        score.compare(f"{title} state of layer {layer}", second[f"state.layers.{layer}.retention"], state, LIMIT)

    step = tools.run(package, "decode", {"tokens": tokens[:, cut:cut + 1]}, *weights, "--load-state", state_file)
    score.compare(f"{title} decode after prefill", step["logits"], expected[:, cut:cut + 1], LIMIT)


def reference_states(vectors, time):
    states = {}
    for name, values in vectors.items():
        match = re.fullmatch(rf"ref\.plain\.state_t{time}\.layer(\d+)", name)
        if match:
            states[int(match.group(1))] = values
    return states


def open_model(tools, name):
    """A model's vectors and configuration, the configuration's file, and the flags that give its weights to a program."""
    path = os.path.join(programs.VECTORS, f"{name}.safetensors")
    with open(path.replace(".safetensors", ".json"), encoding="utf-8") as file:
        configuration = json.load(file)["config"]
    configuration_file = tools.path(".json")
    with open(configuration_file, "w", encoding="utf-8") as file:
        json.dump(configuration, file)
    weights = ["--weights", path]
    for glob in IGNORED:
        weights += ["--ignore", glob]
    return tensor_file.read(path), configuration, configuration_file, weights


def main(build, name):
    tools, score = programs.Programs(build), programs.Score()
    vectors, _, configuration_file, weights = open_model(tools, name)
    spec = tools.importer(importer_kind(name), configuration_file)
    for time in lengths(vectors):
        for schedule in schedules(name, time):
            check_schedule(tools, score, spec, vectors, weights, time, schedule)
    score.finish()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
