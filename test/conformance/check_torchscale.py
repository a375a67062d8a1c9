#!/usr/bin/env python3
"""A RetNet with torchscale's own row scales against what torchscale gives: check_torchscale.py BUILD NAME.

torchscale's forms divide each row of retention by a number of their own before the norm, which shows through eps. Its parallel form is the
parallel schedule of `forward`, its recurrent form every schedule of every entry point; its chunkwise form has no counterpart.
"""
import json
import os
import sys

import numpy

import check_model
import programs
from programs import tensor_file

LIMIT = check_model.LIMIT


class Model:
    """The spec of a vector file's model under one row scale, and the file as weights."""

    def __init__(self, tools, name, row_scale):
        path = os.path.join(programs.VECTORS, f"{name}.safetensors")
        self.tools, self.row_scale, self.vectors = tools, row_scale, tensor_file.read(path)
        with open(path.replace(".safetensors", ".json"), encoding="utf-8") as file:
            configuration = json.load(file)["config"]
        given = tools.path(".json")
        with open(given, "w", encoding="utf-8") as file:
            json.dump(configuration, file)
        self.spec = tools.path(".mlir")
        tools.call("rondo-import", "torchscale-retnet", given, "--row-scale", row_scale, "-o", self.spec)
        self.weights = ["--weights", path]
        for glob in ("input.*", "ref.*", "retnet_rel_pos.*"):
            self.weights += ["--ignore", glob]

    def run(self, package, entry, inputs, *flags):
        return self.tools.run(package, entry, inputs, *self.weights, *flags)


def cross_entropy(logits, tokens):
    """The mean over all positions but the last."""
    logits = logits[:, :-1].astype("f8")
    peak = logits.max(axis=-1, keepdims=True)
    log_sum = numpy.log(numpy.exp(logits - peak).sum(axis=-1)) + peak[..., 0]
    return (log_sum - numpy.take_along_axis(logits, tokens[:, 1:, None].astype("i8"), axis=-1)[..., 0]).mean()


def check_parallel(score, model, time):
    tokens = model.vectors[f"input.tokens_t{time}"]
    package = model.tools.compile(model.spec, [f"forward:B={len(tokens)},T={time}"], "parallel")
    logits = model.run(package, "forward", {"tokens": tokens})["logits"]
    score.compare(f"t{time} parallel logits", logits, model.vectors[f"ref.torchscale.parallel.logits_t{time}"], LIMIT)
    loss = cross_entropy(logits, tokens)
    score.compare(f"t{time} parallel loss", loss, model.vectors[f"ref.torchscale.parallel.loss_t{time}"], LIMIT)


def check_states(score, title, found, vectors, time):
    """torchscale keeps S^T / sqrt(scale), and one scale per head."""
    layers = [int(name.rsplit("layer", 1)[1]) for name in vectors
              if name.startswith(f"ref.torchscale.recurrent.prev_key_value_t{time}.")]
    for layer in layers:
        state, scale = found[f"state.layers.{layer}.retention"], found[f"state.layers.{layer}.retention_scale"]
        score.compare(f"{title} scale of layer {layer}", scale,
                      numpy.broadcast_to(vectors[f"ref.torchscale.recurrent.scale_t{time}"], scale.shape), LIMIT)
        kept = state.transpose(0, 1, 3, 2) / numpy.sqrt(scale)[:, :, None, None]
        score.compare(f"{title} prev_key_value of layer {layer}", kept,
                      vectors[f"ref.torchscale.recurrent.prev_key_value_t{time}.layer{layer}"], LIMIT)


def check_recurrent(score, model, time, schedule):
    tokens, expected = model.vectors[f"input.tokens_t{time}"], model.vectors[f"ref.torchscale.recurrent.logits_t{time}"]
    batch, cut, title = len(tokens), time // 2 + 1, f"t{time} {schedule}"
    package = model.tools.compile(model.spec, [f"forward:B={batch},T={time}", f"prefill:B={batch},T={cut},logits=all",
                                               f"decode:B={batch}"], schedule)
    score.compare(f"{title} logits", model.run(package, "forward", {"tokens": tokens})["logits"], expected, LIMIT)

    state_file = model.tools.path(".safetensors")
    first = model.run(package, "prefill", {"tokens": tokens[:, :cut]}, "--save-state", state_file)
    rest = numpy.zeros((batch, cut), tokens.dtype)
    rest[:, :time - cut] = tokens[:, cut:]
    inputs = {"tokens": rest, "length": numpy.full(batch, time - cut, "i4")}
    second = model.run(package, "prefill", inputs, "--load-state", state_file)
    joined = numpy.concatenate([first["logits"], second["logits"][:, :time - cut]], axis=1)
    score.compare(f"{title} prefill in two stretches", joined, expected, LIMIT)
    check_states(score, title, second, model.vectors, time)

    step = model.run(package, "decode", {"tokens": tokens[:, cut:cut + 1]}, "--load-state", state_file)
    score.compare(f"{title} decode after prefill", step["logits"], expected[:, cut:cut + 1], LIMIT)


def main(build, name):
    tools, score = programs.Programs(build), programs.Score()
    parallel, recurrent = Model(tools, name, "torchscale_parallel"), Model(tools, name, "torchscale_recurrent")
    for time in check_model.lengths(parallel.vectors):
        check_parallel(score, parallel, time)
        for schedule in check_model.SCHEDULES:
            check_recurrent(score, recurrent, time, schedule)
    refused = tools.attempt("rondo-compile", parallel.spec, "--entry", "decode:B=1", "-o", tools.path(".rondo"))
    score.expect("torchscale_parallel allows forward alone", refused.returncode == 1 and "[RND2109]" in refused.stderr, refused.stderr)
    score.finish()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
